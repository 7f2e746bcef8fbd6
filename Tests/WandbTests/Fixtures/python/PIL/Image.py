def open(file):
    return file.read()
