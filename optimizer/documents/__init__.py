"""Statements and reports as files for people: PDF by Typst, workbooks by XlsxWriter.

The same input gives the same bytes. Both need nothing of the system: the typesetter and the Chinese font (Noto Sans SC,
OFL) come as wheels.
"""
