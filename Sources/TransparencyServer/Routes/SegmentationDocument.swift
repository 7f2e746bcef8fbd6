import Annotations
import Foundation
import Images
import TransparencySegmentation

/// A picture's result as JSON: the mask in COCO's run-length code, its regions as polygons, and statistics.
struct SegmentationDocument: Encodable {
    let model: String
    let width: Int
    let height: Int
    let threshold: Float
    let statistics: Statistics
    /// The whole mask, as pycocotools reads it.
    let rle: Code
    let regions: [Part]
    /// Seconds of the pass, a batch's shared equally.
    let timings: Timings

    struct Statistics: Encodable {
        let transparentPixels: Int
        /// Of all pixels, 0…1.
        let transparentShare: Double
        /// The soft mask's mean, 0…1.
        let meanSoft: Double
        let regions: Int

        enum CodingKeys: String, CodingKey {
            case regions
            case transparentPixels = "transparent_pixels"
            case transparentShare = "transparent_share"
            case meanSoft = "mean_soft"
        }
    }

    struct Code: Encodable {
        /// Height and width.
        let size: [Int]
        let counts: String
    }

    /// A connected part of the mask.
    struct Part: Encodable {
        let label: String
        /// Pixels.
        let area: Int
        /// Left, top, width, height.
        let bbox: [Int]
        /// Corners of pixels; holes are joined to the border by seams, so that the polygon is the region.
        let polygon: [[Int]]
        /// The soft mask's mean in the region, 0…1.
        let score: Double
    }

    init(_ segmentation: Segmentation, model: ServedModel, areaThreshold: Int) throws {
        let labels = try segmentation.labels()
        self.model = model.name
        (width, height, threshold) = (segmentation.width, segmentation.height, segmentation.threshold)
        let found = Region.all(of: labels, minimumArea: areaThreshold)
        regions = found.map { Part($0, segmentation, model.labels) }
        let code = RunLength(of: labels)
        rle = Code(size: [code.height, code.width], counts: code.text)
        let soft = segmentation.softMask
        statistics = Statistics(
            transparentPixels: soft.count { $0 > segmentation.threshold },
            transparentShare: segmentation.transparentShare,
            meanSoft: soft.reduce(0) { $0 + Double($1) } / Double(max(1, soft.count)), regions: regions.count)
        timings = segmentation.timings
    }
}

extension SegmentationDocument.Part {
    init(_ region: Region, _ segmentation: Segmentation, _ labels: [String]) {
        label = labels[min(Int(region.label), labels.count) - 1]
        area = region.area
        bbox = [region.x, region.y, region.width, region.height]
        polygon = Outline(of: region).points(.ofPixels).map { [$0.x, $0.y] }
        score = region.mean(of: segmentation)
    }
}

extension Region {
    /// The soft mask's mean in the region.
    func mean(of segmentation: Segmentation) -> Double {
        var sum = 0.0
        for (place, isInside) in pixels.enumerated() where isInside {
            sum += Double(segmentation.softMask[(y + place / width) * segmentation.width + x + place % width])
        }
        return sum / Double(max(1, area))
    }
}
