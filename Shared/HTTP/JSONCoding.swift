/// JSON is how this module's messages are read and written: whoever imports HTTP has the coder too.
@_exported import JSONCoding
