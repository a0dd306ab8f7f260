"""What `procedure.py` registers: the answers of the Vitale to what every procedure is asked."""
