import CVips

/// Random access to the bytes of a file, for a look at its headers.
struct SourceBytes {
    private let read: (_ offset: Int, _ count: Int) -> [UInt8]

    init(_ read: @escaping (_ offset: Int, _ count: Int) -> [UInt8]) { self.read = read }

    /// Of a libvips source, before a loader begins at its start.
    init(source: UnsafeMutablePointer<VipsSource>) {
        self.init { offset, count in
            // A seek beyond the end would leave a text among libvips' errors.
            guard offset < vips_source_length(source),
                vips_source_seek(source, gint64(offset), SEEK_SET) == gint64(offset)
            else { return [] }
            return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                while initialized < count {
                    let place = buffer.baseAddress.map { $0 + initialized }
                    let got = vips_source_read(source, place, count - initialized)
                    guard got > 0 else { break }
                    initialized += Int(got)
                }
            }
        }
    }

    /// At most `count` bytes from `offset` on; fewer, or none, where the file ends.
    func read(at offset: Int, count: Int) -> [UInt8] { count > 0 ? read(offset, count) : [] }
}
