"""The overseas places of France (ISO 3166-1 alpha-2 codes)."""

#: Overseas, with the name that says so: « Guyane » alone is another country to many.
FRENCH_OVERSEAS = {
    "BL": "Saint-Barthélemy (France)",
    "GF": "Guyane (France)",
    "GP": "Guadeloupe (France)",
    "MF": "Saint-Martin (France)",
    "MQ": "Martinique (France)",
    "NC": "Nouvelle-Calédonie (France)",
    "PF": "Polynésie française (France)",
    "PM": "Saint-Pierre-et-Miquelon (France)",
    "RE": "La Réunion (France)",
    "TF": "Terres australes et antarctiques françaises (France)",
    "WF": "Wallis-et-Futuna (France)",
    "YT": "Mayotte (France)",
}
