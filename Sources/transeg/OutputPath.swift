import ArgumentParser
import Files

/// Refuses an option's path where writing would take another file's place (``OutputFile``). Throws `ValidationError`.
func checkOutput(_ option: String, _ path: String?, suffixes: [String], inputs: [String]) throws {
    guard let path else { return }
    do { try OutputFile.check(path, suffixes: suffixes, inputs: inputs) } catch let error as FileError {
        throw ValidationError("\(option): \(error); name another file")
    }
}
