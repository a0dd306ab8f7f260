"""What `procedure.py` registers: the answers of the Pacs to what every procedure is asked."""
