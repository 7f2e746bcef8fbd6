import CVips

/// The one libvips of the process.
enum VipsLibrary {
    /// Started at first use; Swift runs this once however many threads ask.
    private static let startFailure: ImageError? =
        cvips_start() == 0 ? nil : .libraryFailed(detail: VipsMessages(areOfOneOperation: true).take())

    private static let turn = SharedTurn()

    /// Starts libvips unless that has been done.
    ///
    /// - Throws: `ImageError.libraryFailed`, the same at each call.
    static func start() throws {
        if let startFailure { throw startFailure }
    }

    /// Runs operations of libvips, beside those of other threads.
    ///
    /// libvips has one text of errors for all threads, in which those of others would be read, or lost. So where `body` asks for the text, it
    /// is run again while no other thread uses libvips, and what it then says counts; where it then succeeds, nothing was wrong with it but the
    /// moment.
    ///
    /// - Parameters:
    ///   - isRepeatable: False of what can be read once only, and is then run alone at once.
    ///   - body: Must not run operations through this function.
    static func run<R>(isRepeatable: Bool = true, _ body: (VipsMessages) throws -> R) throws -> R {
        try start()
        if isRepeatable {
            let messages = VipsMessages(areOfOneOperation: false)
            do { return try turn.shared { try onThisThread(messages, body) } } catch {
                guard messages.isWanted else { throw error }
            }
        }
        return try turn.alone {
            vips_error_clear()
            // Nor would text that nobody asked for, such as that of a warning, be shown with some later error.
            defer { vips_error_clear() }
            return try onThisThread(VipsMessages(areOfOneOperation: true), body)
        }
    }

    private static func onThisThread<R>(_ messages: VipsMessages, _ body: (VipsMessages) throws -> R) rethrows -> R {
        // libvips keeps buffers for each thread that used it; the caller's threads are not its own to clean up.
        defer { vips_thread_shutdown() }
        return try body(messages)
    }
}

/// What libvips says of the operations that failed in one call of `VipsLibrary.run`.
final class VipsMessages {
    private let areOfOneOperation: Bool
    /// Whether the text was asked for while it could be that of others.
    private(set) var isWanted = false

    init(areOfOneOperation: Bool) { self.areOfOneOperation = areOfOneOperation }

    /// Takes the text, as one line.
    func take() -> String {
        guard areOfOneOperation else {
            isWanted = true
            return ""
        }
        guard let text = vips_error_buffer_copy() else { return "" }
        defer { g_free(text) }
        return String(cString: text).split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
