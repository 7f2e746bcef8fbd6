import Foundation

/// A path with a leading `~` as the user's home folder, as a shell has it; a file of that name is `./~`.
///
/// A shell leaves it to the program where it does not begin a word, as in `--output=~/masks`, and files and environment have no shell.
package func expandingTilde(
    _ path: String, environment: [String: String] = ProcessInfo.processInfo.environment
) -> String {
    guard path == "~" || path.hasPrefix("~/") else { return path }
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
    return home + path.dropFirst()
}
