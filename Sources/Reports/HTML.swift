import Foundation

/// Markup that is well-formed as XML too. A literal is markup; text that is interpolated into it is escaped, so that data
/// cannot become markup:
///
/// ```swift
/// let cell: HTML = "<td title=\"\(record.id)\">\(record.id)</td>"
/// ```
package struct HTML: ExpressibleByStringInterpolation, Sendable {
    package private(set) var text: String

    package init(stringLiteral value: String) {
        text = value
    }

    package init(stringInterpolation: StringInterpolation) {
        text = stringInterpolation.text
    }

    /// Markup from a string that holds no data.
    package init(trusted text: String) {
        self.text = text
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        package mutating func appendInterpolation(_ data: String) {
            text += HTML.escaped(data)
        }

        package mutating func appendInterpolation(_ number: Int) {
            text += String(number)
        }

        package mutating func appendInterpolation(_ markup: HTML) {
            text += markup.text
        }
    }

    package static func += (markup: inout HTML, more: HTML) {
        markup.text += more.text
    }

    /// `data` for an element's text or a quoted attribute. Control characters, which neither HTML nor XML can hold, become the
    /// replacement character.
    package static func escaped(_ data: String) -> String {
        guard data.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7F || "&<>\"'".utf8.contains($0) }) else {
            return data
        }
        var escaped = String.UnicodeScalarView()
        for scalar in data.unicodeScalars {
            switch scalar {
            case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
            case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
            case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
            case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
            case "\t", "\n": escaped.append(scalar)
            case "\0"..<" ", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": escaped.append("\u{FFFD}")
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}

extension Sequence<HTML> {
    package func joined() -> HTML {
        HTML(trusted: map(\.text).joined())
    }
}
