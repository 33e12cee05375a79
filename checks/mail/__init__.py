"""Mail: can the town receive it safely, and can others write in its name?"""
