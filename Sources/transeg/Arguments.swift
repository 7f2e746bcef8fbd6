import ArgumentParser
import Foundation
import TransparencySegmentation
import TransparencyTraining

/// The command line, and what the parser would misread in it.
enum Arguments {
    /// Without the program's name.
    static func given() throws -> [String] {
        // Swift finds its arguments in /proc/self/maps, and has none where that cannot be read.
        var all = CommandLine.arguments
        if all.isEmpty, let bytes = FileManager.default.contents(atPath: "/proc/self/cmdline") {
            all = bytes.split(separator: 0, omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            }
            // Each ends with a zero.
            _ = all.popLast()
        }
        guard !all.isEmpty else {
            throw SegmentationError.input(
                "the arguments cannot be read: neither /proc/self/maps nor /proc/self/cmdline can be; mount /proc")
        }
        try checkEncoding()
        return Array(all.dropFirst())
    }

    /// Refuses options whose bytes are no UTF-8: as text they name another file. Of pictures that is told one by one.
    private static func checkEncoding() throws {
        let words = (0..<Int(CommandLine.argc)).compactMap { CommandLine.unsafeArgv[$0] }
        for (before, word) in zip(words, words.dropFirst()) where String(validatingCString: word) == nil {
            let (option, text) = (String(cString: before), String(cString: word))
            guard text.hasPrefix("--") || option.hasPrefix("--") && option != "--" else { continue }
            throw ValidationError("\(text) is not UTF-8, as what options name must be; rename the file or folder")
        }
    }

    /// Finds the command that arguments name, also where they are wrong.
    ///
    /// - Throws: `ValidationError` for a command that there is not, and for a file's name that begins with a dash: the parser takes each letter
    ///   of it for an option, and an h for a wish for help.
    static func check(_ arguments: [String], naming command: inout any ParsableCommand.Type) throws {
        // The parser has this command itself.
        for word in arguments.first == "help" ? arguments.dropFirst() : arguments[...] {
            let subcommands = command.configuration.subcommands
            guard !subcommands.isEmpty, !word.hasPrefix("-") else { break }
            guard let next = subcommands.first(where: { $0._commandName == word }) else {
                let names = subcommands.map { $0._commandName }
                let hint = nearest(to: word, among: names).map { "did you mean \($0)?" }
                throw ValidationError(
                    "there is no command \(word); \(hint ?? "there are \(names.joined(separator: ", "))")")
            }
            command = next
        }
        for word in arguments.prefix(while: { $0 != "--" }) where isMisread(word) {
            throw ValidationError("there is no option \(word); a file of this name is given as ./\(word), or after --")
        }
    }

    /// Whether a word is taken for a group of options of one letter, of which there are -q and -h alone.
    private static func isMisread(_ word: String) -> Bool {
        word.hasPrefix("-") && !word.hasPrefix("--") && word.count > 1 && Double(word) == nil
            && !word.dropFirst().allSatisfy { "qh".contains($0) }
    }

    /// How a command is used, in the parser's form.
    static func usage(of command: any ParsableCommand.Type) -> String {
        let usage = Transeg.usageString(for: command)
        let name = usage.split(separator: " ").prefix { !"[<-".contains($0.first ?? "-") }.joined(separator: " ")
        return "Usage: \(usage)\n  See '\(name) --help' for more information."
    }
}
