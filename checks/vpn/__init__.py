"""Remote access: does it prove who it is, encrypt well, and ask for a second proof?"""
