public import Foundation

/// Why pictures could not be counted, or an evaluation not read or compared. Each description is one sentence for a person.
public enum MetricsError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// A side is below 1, or there are more pixels than 2³¹ − 1.
    case invalidSize(width: Int, height: Int)
    /// An array has not one value a pixel.
    case wrongLength(what: String, found: Int, expected: String)
    /// A softness is outside 0 to 1, or not a number.
    case softnessOutOfRange(value: Float, index: Int)
    /// A class is none of background, things and stuff.
    case unknownClass(what: String, value: UInt8, index: Int)
    /// There is not a single record.
    case noImages
    /// Two records have the same id and difficulty.
    case duplicateImage(id: String)
    /// Some records have predicted classes or boundaries and some have not; `id` is of one that has not.
    case mixedRecords(id: String, lacks: String)
    /// A file does not open; `reason` is the system's text.
    case unreadable(path: String, reason: String)
    /// A file is not what it should be; `reason` says where and how.
    case malformed(path: String, reason: String)
    /// The two runs to compare are not of the same pictures; `example` is in one only.
    case differentImages(onlyFirst: Int, onlySecond: Int, example: String)

    public var description: String {
        switch self {
        case .invalidSize(let width, let height):
            "a picture of \(width) x \(height) cannot be counted; both sides must be at least 1"
        case .wrongLength(let what, let found, let expected):
            "\(what) has \(found) values, but the picture's size needs \(expected)"
        case .softnessOutOfRange(let value, let index):
            "the prediction's value \(index) is \(value), but softness is from 0 to 1"
        case .unknownClass(let what, let value, let index):
            "\(what) has class \(value) at pixel \(index), but only 0 (background), 1 (things) and 2 (stuff) are known"
        case .noImages:
            "there is no picture to score"
        case .duplicateImage(let id):
            "the picture \(id) is there twice; ids must be unique within a difficulty"
        case .mixedRecords(let id, let lacks):
            "the picture \(id) has no \(lacks), but others have; evaluate all pictures the same way"
        case .unreadable(let path, let reason):
            "\(path) cannot be read: \(reason)"
        case .malformed(let path, let reason):
            "\(path) is damaged or of another kind: \(reason)"
        case .differentImages(let onlyFirst, let onlySecond, let example):
            "the two runs are not of the same pictures: \(onlyFirst) only in the first, \(onlySecond) only in the second, "
                + "such as \(example)"
        }
    }

    public var errorDescription: String? { description }
}
