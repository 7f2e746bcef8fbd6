import Foundation
import Images
import SegmentationMetrics
import Testing

@testable import TransparencyData

@Suite struct DatasetTests {
    @Test func dividedAndMergedFoldersAreFound() throws {
        try withDataset { builder in
            for folder in ["validation/easy", "validation/hard", "test_easy", "test_hard", "test", "train"] {
                try builder.writeBlankPair("\(folder)/images/7.jpg", "\(folder)/masks/7_mask.png")
            }
            let dataset = try Dataset(builder.root)
            #expect(
                try dataset.pairs(.validation).map(\.picture) == [
                    "validation/easy/images/7.jpg", "validation/hard/images/7.jpg",
                ])
            // The merged folder has the same pictures again.
            #expect(try dataset.pairs(.test).map(\.picture) == ["test_easy/images/7.jpg", "test_hard/images/7.jpg"])
            #expect(try dataset.pairs(.test, difficulty: .hard).map(\.difficulty) == [.hard])
            #expect(try dataset.pairs(.train).map(\.difficulty) == [nil])
            #expect(throws: DatasetError.noPictures(root: builder.root, split: .train, difficulty: .easy)) {
                try dataset.pairs(.train, difficulty: .easy)
            }
            #expect(try dataset.pairs().count == 5)
        }
    }

    @Test func theOrderIsThatOfNamesAsText() throws {
        try withDataset { builder in
            for id in ["10", "9", "1", "b"] {
                try builder.writeBlankPair("train/images/\(id).JPG", "train/masks/\(id)_mask.PNG")
            }
            #expect(try Dataset(builder.root).pairs(.train).map(\.id) == ["1", "10", "9", "b"])
        }
    }

    @Test func patternsMatchWhatTheStarStandsFor() throws {
        try withDataset { builder in
            try builder.writeBlankPair("photos/a b.jpg", "labels/gt_a b_mask.png")
            try builder.writeBlankPair("photos/c.Jpg", "labels/gt_c_mask.png")
            try builder.write(DatasetBuilder.blank(width: 2, height: 2, channels: 1, value: 0), "labels/other.png")
            let layout = DatasetLayout.patterns(images: "photos/*.jpg", masks: "labels/gt_*_mask.png")
            let pairs = try Dataset(builder.root, layout: layout).pairs()
            #expect(pairs.map(\.id) == ["a b", "c"])
            #expect(pairs.map(\.mask) == ["labels/gt_a b_mask.png", "labels/gt_c_mask.png"])
        }
    }

    @Test func picturesAreNotTheirOwnMasks() throws {
        try withDataset { builder in
            try builder.writeBlankPair("p/1.png", "m/1.png")
            for (images, masks) in [("p/*.png", "p/*.png"), ("p/*.png", "p/*")] {
                let error = DatasetError.samePictures(root: builder.root, images: images, masks: masks)
                #expect(throws: error) {
                    try Dataset(builder.root, layout: .patterns(images: images, masks: masks)).pairs()
                }
            }
            let layout = DatasetLayout.patterns(images: "*", masks: "*_m")
            #expect(throws: DatasetError.noMatch(root: builder.root, pattern: "*")) {
                try Dataset(builder.root, layout: layout).pairs()
            }
        }
    }

    @Test(arguments: ["masks/", "*/a.png", "a*b*.png", "/etc/*.png"])
    func patternsWithoutExactlyOneStarAreRefused(pattern: String) {
        #expect(throws: DatasetError.badPattern(pattern)) { try FilePattern(pattern) }
    }

    @Test func whatIsMissingIsSaid() throws {
        try withDataset { builder in
            #expect(throws: DatasetError.missing("\(builder.root)/no")) { try Dataset("\(builder.root)/no") }
            let dataset = try Dataset(builder.root)
            #expect(throws: DatasetError.noSplit(root: builder.root, split: nil, present: [])) { try dataset.pairs() }
            try builder.writeBlankPair("train/images/1.jpg", "train/masks/1_mask.png")
            let error = DatasetError.noSplit(root: builder.root, split: .test, present: [.train])
            #expect(throws: error) { try dataset.pairs(.test) }
            #expect("\(error)".hasSuffix("it has train"))

            try builder.write(DatasetBuilder.blank(width: 6, height: 4, channels: 3, value: 0), "train/images/2.jpg")
            #expect(
                throws: DatasetError.picturesWithoutMask(
                    count: 1, example: "\(builder.root)/train/images/2.jpg", unread: nil)
            ) {
                try dataset.pairs(.train)
            }
            let plan = RepairPlan(repairs: [.init(picture: "train/images/2.jpg", action: .exclude, reason: "no mask")])
            #expect(try Dataset(builder.root, plan: plan).pairs(.train).map(\.id) == ["1"])
            try builder.write(DatasetBuilder.blank(width: 6, height: 4, channels: 3, value: 0), "train/images/1.png")
            #expect(throws: DatasetError.self) { try dataset.pairs(.train) }
        }
    }

    @Test func inOneFolderTheNarrowerPatternHasItsFilesAlone() throws {
        try withDataset { builder in
            try builder.writeBlankPair("1.png", "1_mask.png")
            try builder.writeBlankPair("2.png", "2_mask.png")
            let broad = try Dataset(builder.root, layout: .patterns(images: "*.png", masks: "*_mask.png"))
            #expect(try broad.pairs().map(\.mask) == ["1_mask.png", "2_mask.png"])
            try builder.writeBlankPair("img_3.png", "3.png")
            let dataset = try Dataset(builder.root, layout: .patterns(images: "img_*.png", masks: "*.png"))
            #expect(try dataset.pairs().map(\.mask) == ["3.png"])
        }
    }

    @Test func filesOfOtherFormatsAreNamed() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("dataset-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let builder = DatasetBuilder(root: folder.path)
        try builder.writeBlankPair("test/images/1.jpg", "test/masks/1_mask.png")
        try builder.write(DatasetBuilder.blank(width: 6, height: 4, channels: 3, value: 0), "test/images/2.jpg")
        try builder.write(Array("GIF89a and so on".utf8), "test/masks/2_mask.gif")
        try builder.write(Array("BM and so on".utf8), "test/images/3.bmp")
        try builder.write(DatasetBuilder.blank(width: 6, height: 4, channels: 1, value: 0), "test/masks/3_mask.png")
        let dataset = try Dataset(builder.root)
        let error = DatasetError.picturesWithoutMask(
            count: 1, example: "\(builder.root)/test/images/2.jpg", unread: "test/masks/2_mask.gif")
        #expect(throws: error) { try dataset.pairs() }
        let faults = try #require(try await DatasetAudit.run(on: dataset, threadCount: 1)).faults.filter { !$0.isNote }
        #expect(faults.map(\.kind) == [.pictureWithoutMask, .maskWithoutPicture])
        #expect(faults[0].detail.contains("2_mask.gif") && faults[0].detail.contains("a GIF image"))
        #expect(faults[1].detail.contains("3.bmp") && faults[1].detail.contains("a BMP image"))
    }

    @Test func theHashIsOfPathsAndSizes() throws {
        try withDataset { builder in
            for id in ["1", "2"] { try builder.writeBlankPair("train/images/\(id).jpg", "train/masks/\(id)_mask.png") }
            let dataset = try Dataset(builder.root)
            let pairs = try dataset.pairs(.train)
            let hash = try dataset.filesHash(of: pairs)
            #expect(hash.count == 64)
            #expect(try dataset.filesHash(of: pairs.reversed()) != hash)
            #expect(try dataset.filesHash(of: [pairs[0]]) != hash)
            try builder.write(DatasetBuilder.blank(width: 60, height: 40, channels: 3, value: 1), "train/images/2.jpg")
            #expect(try dataset.filesHash(of: pairs) != hash)
            try FileManager.default.removeItem(atPath: "\(builder.root)/train/images/2.jpg")
            #expect(throws: DatasetError.missing("\(builder.root)/train/images/2.jpg")) {
                try dataset.filesHash(of: pairs)
            }
        }
    }
}
