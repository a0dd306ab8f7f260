"""FranceConnect for residents and ProConnect for agents, by OpenID Connect; off until configured.

`providers` says who they are, `client` talks to them and believes nothing unproven, `links`
keeps whose identity opens which account, `parting` ends their session with ours.
"""
