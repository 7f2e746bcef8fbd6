import Foundation
package import Video

/// What `transeg segment --json` prints of a frame of a video: one JSON object on a line (the schema is in Docs/segmenting.md).
package struct FrameLine: Encodable {
    private let video: String
    private let frame: Int
    private let time: Double
    private let width: Int
    private let height: Int
    private let transparentShare: Double
    private let seconds: Double

    package init(_ video: String, _ frame: Int, _ time: Double, _ mask: Segmentation) {
        (self.video, self.frame) = (video, frame)
        self.time = (time * 1e6).rounded() / 1e6
        (width, height, transparentShare) = (mask.width, mask.height, mask.transparentShare)
        seconds = mask.timings.total
    }

    package func text() throws -> String { try ResultLine.text(of: self) }
}

/// What it prints at a video's end.
package struct VideoLine: Encodable {
    private let video: String
    private let frames: Int
    private let rate: String
    private let files: [String: String]

    package init(_ info: VideoInfo, frames: Int, files: [ResultKind: String]) {
        (video, self.frames, rate) = (info.path, frames, info.rate.description)
        self.files = Dictionary(uniqueKeysWithValues: files.map { ($0.key.rawValue, $0.value) })
    }

    package func text() throws -> String { try ResultLine.text(of: self) }
}
