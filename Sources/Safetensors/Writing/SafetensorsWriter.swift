import Files

/// Writes safetensors files, byte for byte as the Rust reference lays them out (safetensors 0.8, `tensor.rs`).
package enum SafetensorsWriter {
    /// Writes `entries` to `path`, replacing a file there in one step.
    ///
    /// Tensors are stored by dtype, widest first, then by name; the order of `entries` does not matter. One entry's
    /// bytes are asked for at a time. The content goes to a temporary file beside `path`, which is flushed and renamed;
    /// if anything fails it is removed and an existing file at `path` is untouched.
    ///
    /// Throws `cannotWrite` for a duplicate or reserved name, an impossible shape, a header above the format's limit, or
    /// an entry that hands over more or fewer bytes than its shape needs; `FileError` if the system refuses; and
    /// whatever an entry's `withBytes` throws. `metadata` is left out of the file if empty.
    package static func write(
        to path: String, metadata: [String: String] = ["format": "pt"], entries: [SafetensorsEntry]
    ) throws {
        let sorted = entries.sorted { $0.slot.precedes($1.slot) }
        let header = try HeaderEncoder.encode(metadata: metadata, entries: sorted.map(\.slot), path: path)
        try AtomicFile.write(to: path) { output in
            try header.withUnsafeBytes(output.write)
            for entry in sorted { try write(entry, to: output, path: path) }
        }
    }

    private static func write(_ entry: SafetensorsEntry, to output: AtomicFile.Output, path: String) throws {
        let expected = entry.dtype.byteCount(ofShape: entry.shape) ?? 0
        var written = 0
        func checkCount(_ isRight: Bool) throws {
            guard isRight else {
                throw SafetensorsError.cannotWrite(
                    path: path,
                    reason: "entry \(entry.name.quoted) handed over \(written) bytes where "
                        + "\(entry.dtype.rawValue) of shape \(entry.shape.listed) needs \(expected)")
            }
        }
        try entry.withBytes { bytes in
            written += bytes.count
            try checkCount(written <= expected)
            try output.write(bytes)
        }
        try checkCount(written == expected)
    }
}
