import CVips

/// The one libvips of the process.
enum VipsLibrary {
    /// Started at first use; Swift runs this once however many threads ask.
    private static let startFailure: ImageError? =
        cvips_start() == 0 ? nil : .libraryFailed(detail: takeMessage())

    /// Starts libvips unless that has been done.
    ///
    /// - Throws: `ImageError.libraryFailed`, the same at each call.
    static func start() throws {
        if let startFailure { throw startFailure }
    }

    /// Takes libvips' error text, shared by all threads, as one line.
    static func takeMessage() -> String {
        guard let text = vips_error_buffer_copy() else { return "" }
        defer { g_free(text) }
        return String(cString: text).split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}
