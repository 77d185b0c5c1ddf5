"""Claims of both papers, the rules that judge them, and the report card."""
