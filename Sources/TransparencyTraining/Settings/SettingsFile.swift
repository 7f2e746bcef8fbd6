import Files
import Foundation
import Yams

/// A YAML file of settings: groups of `name: value`, or the original's `name: {default: …, type: …, help: …}`, or names without groups.
struct SettingsFile {
    /// A value with where it stands.
    struct Value: Equatable {
        let text: String?
        let line: Int
    }

    let path: String
    /// By settings' names; nil texts are `null`, which takes back what an earlier file gave.
    private(set) var values: [String: Value] = [:]
    /// What is wrong, each with its place, line and a caret.
    private(set) var problems: [String] = []
    /// What changes nothing here.
    private(set) var notes: [String] = []
    private let lines: [Substring]

    private static let sizeLimit = 1 << 20
    /// The key of the format's version, which may be missing.
    static let versionName = "format_version"
    static let version = 1
    private static let leafKeys: Set<String> = ["default", "type", "help"]

    /// Reads a file. What is wrong in it is in ``problems``.
    init(_ path: String) {
        self.path = path
        let text: String
        switch Self.content(path) {
        case .success(let content): text = content
        case .failure(let problem):
            (lines, problems) = ([], [problem.text])
            return
        }
        // CRLF is one character, which is not a line feed.
        lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        do {
            guard let node = try Yams.compose(yaml: text) else { return }
            if let mapping = node.mapping {
                for (key, value) in mapping { read(key, value) }
            } else {
                add("names and values were expected", at: node)
            }
        } catch let error as YamlError {
            addSyntaxProblem(error)
        } catch {
            problems.append("\(path) is not YAML: \(error)")
        }
    }

    private struct Unreadable: Error {
        let text: String
    }

    /// The text, of UTF-16 too where a byte order mark says so (PowerShell writes it).
    private static func content(_ path: String) -> Result<String, Unreadable> {
        let data: Data
        do {
            data = try PlainFile.contents(of: path, limit: sizeLimit + 1)
        } catch let error as FileReadError where error.isMissing {
            return .failure(.init(text: "there is no file \(path); 'transeg config init \(path)' makes one"))
        } catch let error as FileReadError where error.code == EISDIR {
            return .failure(.init(text: "\(path) is a folder; a YAML file was expected"))
        } catch {
            return .failure(.init(text: "\(error)"))
        }
        guard data.count <= sizeLimit else {
            return .failure(.init(text: "\(path) is too long; at most 1 MiB of settings was expected"))
        }
        let isUTF16 = data.starts(with: [0xFF, 0xFE]) || data.starts(with: [0xFE, 0xFF])
        guard let text = String(data: data, encoding: isUTF16 ? .utf16 : .utf8), !text.contains("\0") else {
            return .failure(.init(text: "\(path) is no text in UTF-8; save it as that"))
        }
        return .success(text.first == "\u{FEFF}" ? String(text.dropFirst()) : text)
    }

    private mutating func read(_ key: Node, _ value: Node) {
        let name = keyName(key)
        if name == Self.versionName {
            let text = value.string ?? "a list or mapping"
            guard let version = Int(text), (1...Self.version).contains(version) else {
                return add("\(name) is \(text); this version of transeg reads \(Self.version)", at: value)
            }
            return
        }
        if SettingsTable.named(name) != nil || IgnoredSettings.reasons[name] != nil {
            return readSetting(name, key, value)
        }
        guard Self.groups.contains(name) else { return addUnknown("setting or group", key) }
        // A group without settings may be written as nothing.
        if isNull(value) { return }
        guard let mapping = value.mapping else {
            return add("\(name) is a group, but has no settings in it", at: value)
        }
        for (key, value) in mapping {
            let name = keyName(key)
            guard SettingsTable.named(name) != nil || IgnoredSettings.reasons[name] != nil else {
                addUnknown("setting", key)
                continue
            }
            readSetting(name, key, value)
        }
    }

    private mutating func readSetting(_ written: String, _ key: Node, _ value: Node) {
        let name = SettingsTable.named(written)?.name ?? written
        var value = value
        if let leaf = value.mapping {
            for (key, _) in leaf where !Self.leafKeys.contains(key.string ?? "") {
                add("\(name) has \(key.string ?? "a key"); only default, type and help were expected", at: key)
            }
            guard let standard = leaf.first(where: { $0.key.string == "default" })?.value else {
                return add("\(name) has no default", at: key)
            }
            value = standard
        }
        if let reason = IgnoredSettings.reasons[name] {
            return notes.append("\(path):\(key.mark?.line ?? 0): \(name) changes nothing here: \(reason)")
        }
        guard let scalar = value.scalar else {
            return add("\(name) has a list or mapping; one value was expected", at: value)
        }
        if scalar.tag.description.hasPrefix("!") {
            return add(
                "\(name) has the tag \(scalar.tag.description), which is not known here; a plain value was expected",
                at: value)
        }
        if let earlier = values[name] { add("\(name) is given twice, first in line \(earlier.line)", at: key) }
        let text = isNull(value) ? nil : scalar.string
        var unused = TrainingSettings()
        if let text, let problem = SettingsTable.named(name)?.set(text, &unused) { add(problem, at: value) }
        values[name] = Value(text: text, line: value.mark?.line ?? 0)
    }

    private func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    private static let groups = IgnoredSettings.groups.union(Setting.Group.allCases.map(\.rawValue))

    private mutating func add(_ problem: String, at node: Node) { add(problem, at: node.mark) }

    private mutating func add(_ problem: String, at mark: Mark?) {
        guard let mark, lines.indices.contains(mark.line - 1) else { return problems.append("\(path): \(problem)") }
        let place = "\(path):\(mark.line):\(mark.column): \(problem)"
        // A caret under the end of a long line is under another line.
        guard mark.column <= 100 else { return problems.append(place) }
        let caret = String(repeating: " ", count: max(0, mark.column - 1)) + "^"
        problems.append("\(place)\n    \(lines[mark.line - 1].prefix(120))\n    \(caret)")
    }

    /// What the parser said, in a sentence.
    private mutating func addSyntaxProblem(_ error: YamlError) {
        switch error {
        case .duplicatedKeysInMapping(let names, let context):
            add(
                "\(names.sorted().joined(separator: ", ")) is given twice among the names that begin here",
                at: context.mark)
        case .composer(_, let problem, let mark, _) where problem.contains("another document"):
            add("a second document begins here; one was expected", at: mark)
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            let line = lines.indices.contains(mark.line - 1) ? lines[mark.line - 1] : ""
            let isTab = line.prefix(while: \.isWhitespace).contains("\t")
            add(isTab ? "YAML is indented by spaces, and here is a tab" : "this is not YAML: \(problem)", at: mark)
        case .reader(let problem, _, _, _):
            problems.append("\(path) is no text in UTF-8: \(problem)")
        default:
            problems.append("\(path) is not YAML: \(error)")
        }
    }

    /// Settings have names of letters; a list or mapping is none.
    private func keyName(_ key: Node) -> String { key.string ?? "" }

    private mutating func addUnknown(_ kind: String, _ key: Node) {
        let name = keyName(key)
        if name == "<<" { return add("<< is not followed; write the settings themselves", at: key) }
        if name.isEmpty { return add("the name of a \(kind) was expected", at: key) }
        let hint = nearest(to: name, among: SettingsTable.all.map(\.name)).map { "; did you mean \($0)?" } ?? ""
        add("there is no \(kind) \(name)\(hint)", at: key)
    }
}
