"""Files that people send: what they are, and pictures in the sizes in which they are shown.

Nothing here knows of the database or of Storage.
"""
