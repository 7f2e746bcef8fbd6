import Images
import SyntheticScenes
import Testing

@testable import TransparencyData

@Suite struct PairReaderTests {
    /// A drawn scene, cut so that its sides differ if wanted, whose picture is stored in an orientation and says so.
    private func write(
        _ builder: DatasetBuilder, _ orientation: Orientation, maskIsUpright: Bool, isSquare: Bool = true
    ) throws -> (picture: Image, mask: Image) {
        var (picture, mask) = try SyntheticScene(seed: 3, split: .test, index: 1, size: 256).draw()
        if !isSquare { (picture, mask) = (try cut(picture), try cut(mask)) }
        let inverse = orientation.inverse
        try builder.write(picture.turned(from: inverse).jpegData(tagged: orientation), "train/images/1.jpg")
        try builder.write(maskIsUpright ? mask : mask.turned(from: inverse), "train/masks/1_mask.png")
        return (picture, mask)
    }

    private func cut(_ image: Image) throws -> Image {
        let height = 200
        return try Image(
            width: image.width, height: height, channels: image.channels,
            pixels: Array(image.pixels[..<(image.width * height * image.channels)]))
    }

    private func read(_ builder: DatasetBuilder, _ actions: RepairPlan.Action...) throws -> DatasetSample {
        let plan = RepairPlan(repairs: actions.map { .init(picture: "train/images/1.jpg", action: $0, reason: "") })
        let dataset = try Dataset(builder.root, plan: plan)
        return try dataset.read(dataset.pairs(.train)[0])
    }

    /// How unlike two pictures are that went through JPEG, 0 to 255.
    private func meanDifference(_ one: Image, _ other: Image) -> Double {
        guard (one.width, one.height) == (other.width, other.height) else { return 255 }
        let sum = zip(one.pixels, other.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        return Double(sum) / Double(one.pixels.count)
    }

    @Test(arguments: [Orientation.rightTop, .leftBottom], [true, false])
    func sizesDecide(orientation: Orientation, maskIsUpright: Bool) throws {
        try withDataset { builder in
            let scene = try write(builder, orientation, maskIsUpright: maskIsUpright, isSquare: false)
            let sample = try read(builder)
            #expect(sample.orientation == (maskIsUpright ? .upright : .stored))
            let turn = maskIsUpright ? Orientation.topLeft : orientation.inverse
            #expect(sample.mask == scene.mask.turned(from: turn))
            #expect(meanDifference(sample.picture, scene.picture.turned(from: turn)) < 4)
        }
    }

    @Test(arguments: [Orientation.rightTop, .leftBottom, .bottomRight, .topRight], [true, false])
    func contentDecidesWhereSizesDoNot(orientation: Orientation, maskIsUpright: Bool) throws {
        try withDataset { builder in
            let scene = try write(builder, orientation, maskIsUpright: maskIsUpright)
            let sample = try read(builder)
            #expect(sample.orientation == (maskIsUpright ? .upright : .stored))
            let turn = maskIsUpright ? Orientation.topLeft : orientation.inverse
            #expect(meanDifference(sample.picture, scene.picture.turned(from: turn)) < 4)
        }
    }

    @Test func whatNothingDecidesIsTakenAsStoredUnlessAPlanSaysOtherwise() throws {
        try withDataset { builder in
            let (picture, _) = try SyntheticScene(seed: 3, split: .test, index: 1, size: 64).draw()
            try builder.write(picture.jpegData(tagged: .bottomRight), "train/images/1.jpg")
            let empty = try DatasetBuilder.blank(width: 64, height: 64, channels: 1, value: 0)
            try builder.write(empty, "train/masks/1_mask.png")
            let undecided = try read(builder)
            #expect(undecided.orientation == .undecided)
            #expect(meanDifference(undecided.picture, picture) < 4)
            let upright = try read(builder, .readUpright)
            #expect(upright.orientation == .upright)
            #expect(meanDifference(upright.picture, picture.turned(from: .bottomRight)) < 4)
            #expect(try read(builder, .readAsStored).orientation == .stored)
        }
    }

    @Test func masksOfAnotherSizeAreRefused() throws {
        try withDataset { builder in
            let picture = try DatasetBuilder.blank(width: 6, height: 4, channels: 3, value: 9)
            let mask = try Image(width: 4, height: 6, channels: 1, pixels: [UInt8](repeating: 0, count: 23) + [255])
            try builder.write(picture, "train/images/1.jpg")
            try builder.write(mask, "train/masks/1_mask.png")
            let error = DatasetError.sizeMismatch(
                picture: "\(builder.root)/train/images/1.jpg", pictureSize: "6 x 4",
                mask: "\(builder.root)/train/masks/1_mask.png", maskSize: "4 x 6", isTurned: true)
            #expect(throws: error) { try read(builder) }
            // The last pixel, at the lower right, goes to the lower left, and so on.
            #expect(try read(builder, .turnMask90).mask.pixels.firstIndex(of: 2) == 3 * 6)
            #expect(try read(builder, .turnMask270).mask.pixels.firstIndex(of: 2) == 5)
            #expect(try read(builder, .resizeMask).mask.width == 6)
        }
    }

    @Test func plansAreChecked() throws {
        try withDataset { builder in
            try builder.writeBlankPair("train/images/1.jpg", "train/masks/1_mask.png")
            let stranger = RepairPlan(repairs: [.init(picture: "train/images/8.jpg", action: .exclude, reason: "")])
            #expect(throws: DatasetError.planOfOtherData(picture: "train/images/8.jpg")) {
                try Dataset(builder.root, plan: stranger).pairs(.train)
            }
            let path = "\(builder.root)/plan.json"
            try stranger.write(to: path)
            #expect(try RepairPlan(contentsOf: path) == stranger)
            try builder.write(
                Array(#"{"format_version": 1, "repairs": [{"picture": "a", "action": "fix", "reason": ""}]}"#.utf8),
                "plan.json")
            let error = try #require(throws: DatasetError.self) { try RepairPlan(contentsOf: path) }
            #expect("\(error)".contains("action is none of exclude, turn_mask_90"))
            try builder.write(Array(#"{"format_version": 2, "repairs": []}"#.utf8), "plan.json")
            #expect(throws: DatasetError.self) { try RepairPlan(contentsOf: path) }
        }
    }
}
