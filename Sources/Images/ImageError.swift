import Files
public import Foundation
import Limits

/// Why a picture could not be read or written. Each description is one sentence for the person who gave the file.
///
/// `name` is the path as it was given, or the name passed along with data.
public enum ImageError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// There is nothing at the path.
    case notFound(name: String)
    /// The file is there but does not open; `reason` is the system's text, such as "Permission denied".
    case unreadable(name: String, reason: String)
    /// The path is that of a folder.
    case isFolder(name: String)
    /// The file has no bytes.
    case empty(name: String)
    /// The content is of none of the supported formats; `found` says what it looks like.
    case notAnImage(name: String, found: String)
    /// The format is supported, but not by the libvips of this machine.
    case formatUnavailable(name: String, format: String)
    /// The header asks for more pixels than the reader allows.
    case tooManyPixels(name: String, width: Int, height: Int, limit: Int)
    /// Decoding it, and what is to be done with it, would take more bytes of memory than are free.
    case needsMemory(name: String, width: Int, height: Int, bytes: Int, free: Int)
    /// The samples have a meaning or a width that is not read, such as 32-bit floats; `found` says which.
    case unsupportedSamples(name: String, format: String, found: String)
    /// The file cannot be a mask, such as one with several pictures or of CMYK; `found` says why.
    case unsupportedMask(name: String, format: String, found: String)
    /// The data end early, contradict themselves or use a part of the format that the decoder lacks.
    ///
    /// `detail` is libvips' text of this file, possibly empty.
    case damaged(name: String, format: String, detail: String)
    /// Sides, channels and number of samples of a picture do not fit together.
    case invalidPixels(width: Int, height: Int, channels: Int, sampleCount: Int)
    /// libvips itself did not start, or ran out of something; `detail` is its text.
    case libraryFailed(detail: String)

    /// One sentence that names the file, what was found and, where something helps, what to do.
    public var description: String {
        switch self {
        case .notFound(let name):
            "\(name) does not exist; check the path"
        case .unreadable(let name, let reason):
            "\(name) cannot be opened: \(reason.isEmpty ? "reading it failed" : reason)"
        case .isFolder(let name):
            "\(name) is a folder, not an image file"
        case .empty(let name):
            "\(name) is empty (0 bytes), not an image; copy or download it again"
        case .notAnImage(let name, let found):
            "\(name) is not an image of a supported format: it holds \(found), and "
                + "\(ImageReader.formats.joined(separator: ", ")) are supported whatever the file's suffix"
        case .formatUnavailable(let name, let format):
            "\(name) is a \(format) image, which the libvips of this machine cannot read; "
                + "install a libvips with \(format) or convert the file to PNG"
        case .tooManyPixels(let name, let width, let height, let limit):
            "\(name) has \(width) x \(height) pixels, more than the limit of \(grouped(limit)) in all; make it smaller"
        case .needsMemory(let name, let width, let height, let bytes, let free):
            "\(name) has \(width) x \(height) pixels, which would take about \(MachineMemory.text(bytes)) of memory, and "
                + "\(MachineMemory.text(free)) are free; make it smaller, or end what else takes memory"
        case .unsupportedSamples(let name, let format, let found):
            "\(name) is a \(format) image with \(found), but only gray, RGB and CMYK with 8 or 16 bits are read; "
                + "convert it to 8-bit RGB"
        case .unsupportedMask(let name, let format, let found):
            "\(name) is a \(format) image with \(found), and a mask is one picture, gray or RGB, with 8 or 16 bits; "
                + "write it as such a PNG"
        case .damaged(let name, let format, let detail):
            "\(name) cannot be decoded: its \(format) data are cut short, damaged or of an unsupported kind"
                + (detail.isEmpty ? "" : " (\(detail))") + "; get the file again or convert it to PNG"
        case .invalidPixels(let width, let height, let channels, let sampleCount):
            "a picture of \(width) x \(height) with \(channels) channels cannot be made of \(sampleCount) samples; "
                + "sides must be at least 1, channels 1, 3 or 4, and samples the product of the three"
        case .libraryFailed(let detail):
            "the image library libvips failed" + (detail.isEmpty ? "" : ": \(detail)")
        }
    }

    /// The description, for `localizedDescription`.
    public var errorDescription: String? { description }
}

/// A count with commas between groups of three digits, whatever the locale.
private func grouped(_ count: Int) -> String {
    var digits = String(count)
    var end = digits.count - 3
    while end > 0 {
        digits.insert(",", at: digits.index(digits.startIndex, offsetBy: end))
        end -= 3
    }
    return digits
}

/// The system's text for an `errno` value.
func systemText(_ code: Int32) -> String {
    String(cString: strerror(code))
}
