import Foundation
import Images
import SyntheticScenes
import Testing

@testable import TransparencyData

@Suite struct DatasetAuditTests {
    private func audit(_ root: String, plan: RepairPlan? = nil) async throws -> DatasetAudit {
        try #require(try await DatasetAudit.run(on: Dataset(root, plan: plan), threadCount: 2))
    }

    private func withScenes(
        _ counts: [Split: Int], size: Int = 128, seed: UInt64 = 21, _ body: (DatasetBuilder) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("audit-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try await SyntheticDataset(seed: seed, size: size, counts: counts).write(to: folder)
        try await body(DatasetBuilder(root: folder))
    }

    @Test func soundDataHaveNotesAtMost() async throws {
        try await withScenes([.train: 25, .test: 25]) { builder in
            let audit = try await audit(builder.root)
            #expect(audit.isSound, "\(audit.faults.filter { !$0.isNote })")
            #expect(Set(audit.faults.map(\.kind)).isSubset(of: [.emptyMask, .fullMask]))
            #expect(audit.groups.map(\.pictures) == [25, 20, 5])
            #expect(audit.groups[0].widths == [128, 128, 128])
            #expect(audit.groups.allSatisfy { $0.glassShare > 0.05 && $0.glassShare < 0.5 })
            let again = try await self.audit(builder.root)
            #expect(try audit.jsonData() == again.jsonData())
        }
    }

    /// A planted fault.
    private struct Plant {
        let kind: AuditFault.Kind
        let picture: String?
        let action: RepairPlan.Action?
    }

    @Test func plantedFaultsAreFoundAndNothingElse() async throws {
        try await withScenes([.train: 17, .test: 2], size: 256) { builder in
            let original = try masks(builder)
            let plants = try plant(in: builder)
            let found = try await audit(builder.root)
            let faults = found.faults.filter { ![.emptyMask, .fullMask].contains($0.kind) }
            for plant in plants {
                #expect(
                    faults.contains {
                        $0.kind == plant.kind && $0.picture == plant.picture && $0.action == plant.action
                    },
                    "\(plant) is not among \(faults.filter { $0.picture == plant.picture })")
            }
            #expect(faults.count == plants.count, "\(faults.map { ($0.kind, $0.picture ?? "", $0.detail) })")
            #expect(!found.isSound)

            // Whatever the plan does not leave out is as it was drawn.
            let plan = found.plan()
            let repaired = try await audit(builder.root, plan: plan)
            #expect(repaired.isSound, "\(repaired.faults.filter { !$0.isNote })")
            let dataset = try Dataset(builder.root, plan: plan)
            for pair in try dataset.pairs() where ![6, 17].map(String.init).contains(pair.id) {
                let mask = try dataset.read(pair).mask
                let wanted = try #require(original[pair.picture])
                let differing = zip(mask.pixels, wanted.pixels).count { $0 != $1 }
                #expect((mask.width, mask.height) == (wanted.width, wanted.height))
                #expect(Double(differing) < 0.02 * Double(mask.pixels.count), "\(pair.picture)")
            }
            let sheet = AuditSheet(of: found, root: builder.root).html()
            #expect(sheet.contains("train/images/8.jpg") && sheet.contains("data:image/jpeg;base64,"))
            #expect(found.plan(after: plan).repairs.count >= plan.repairs.count)
        }
    }

    private func masks(_ builder: DatasetBuilder) throws -> [String: Image] {
        let dataset = try Dataset(builder.root)
        return Dictionary(
            uniqueKeysWithValues: try dataset.pairs().map { ($0.picture, try dataset.read($0).mask) })
    }

    /// Plants every kind of fault in the training pictures 1 to 13 and elsewhere.
    private func plant(in builder: DatasetBuilder) throws -> [Plant] {
        let (root, files) = (builder.root, FileManager.default)
        func picture(_ id: Int) -> String { "train/images/\(id).jpg" }
        func mask(_ id: Int) -> String { "train/masks/\(id)_mask.png" }
        func image(_ path: String) throws -> Image { try ImageReader().read(contentsOf: "\(root)/\(path)") }
        // Scenes whose outlines show; numbers are those of this seed.
        for (id, turn) in [(1, 1), (2, 2), (3, 3)] {
            try builder.write(image(mask(id)).turned(from: Orientation.quarterTurns[turn]), mask(id))
        }
        try builder.write(image(picture(4)).turned(from: .leftBottom).jpegData(tagged: .rightTop), picture(4))
        try cut(picture(6), builder, turned: .rightTop)
        try builder.write(image(mask(7)).channelsExchanged(), mask(7))
        try builder.write(image(mask(8)).thumbnail(side: 128), mask(8))
        try builder.write(image(mask(9)).jpegData(quality: 90), mask(9))
        try files.removeItem(atPath: "\(root)/\(mask(10))")
        try builder.write(DatasetBuilder.blank(width: 9, height: 9, channels: 1, value: 0), "train/masks/99_mask.png")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(picture(11))"))
        try builder.write([UInt8](bytes.prefix(bytes.count / 2)), picture(11))
        try builder.write([], mask(12))
        let tested = try #require(try Dataset(root).layout.listing(of: .test, in: root).pairs.first)
        try files.removeItem(atPath: "\(root)/\(picture(13))")
        try files.copyItem(atPath: "\(root)/\(tested.picture)", toPath: "\(root)/\(picture(13))")
        try files.removeItem(atPath: "\(root)/\(picture(15))")
        try files.copyItem(atPath: "\(root)/\(picture(14))", toPath: "\(root)/\(picture(15))")
        try files.removeItem(atPath: "\(root)/\(mask(15))")
        try files.copyItem(atPath: "\(root)/\(mask(14))", toPath: "\(root)/\(mask(15))")
        try builder.write(image(picture(16)).jpegData(quality: 60), picture(17))
        try files.removeItem(atPath: "\(root)/\(mask(17))")
        try files.copyItem(atPath: "\(root)/\(mask(16))", toPath: "\(root)/\(mask(17))")
        return [
            Plant(kind: .turned, picture: picture(1), action: .turnMask270),
            Plant(kind: .turned, picture: picture(2), action: .turnMask180),
            Plant(kind: .turned, picture: picture(3), action: .turnMask90),
            Plant(kind: .turnedByEXIF, picture: picture(4), action: nil),
            Plant(kind: .sizeMismatch, picture: picture(6), action: .turnMask270),
            Plant(kind: .foreignColors, picture: picture(7), action: .exclude),
            Plant(kind: .foreignColors, picture: picture(8), action: .nearestColors),
            Plant(kind: .sizeMismatch, picture: picture(8), action: .resizeMask),
            Plant(kind: .foreignColors, picture: picture(9), action: .nearestColors),
            Plant(kind: .pictureWithoutMask, picture: picture(10), action: .exclude),
            Plant(kind: .maskWithoutPicture, picture: nil, action: nil),
            Plant(kind: .unreadable, picture: picture(11), action: .exclude),
            Plant(kind: .unreadable, picture: picture(12), action: .exclude),
            Plant(kind: .duplicate, picture: picture(13), action: .exclude),
            Plant(kind: .duplicate, picture: picture(15), action: .exclude),
            Plant(kind: .nearDuplicate, picture: picture(17), action: nil),
        ]
    }

    /// Cuts the lower part off a picture and its mask and turns the mask, so that their sides are exchanged.
    private func cut(_ picture: String, _ builder: DatasetBuilder, turned: Orientation) throws {
        let mask = picture.replacing("images", with: "masks").replacing(".jpg", with: "_mask.png")
        func upper(_ path: String) throws -> Image {
            let image = try ImageReader().read(contentsOf: "\(builder.root)/\(path)")
            return try Image(width: 256, height: 240, channels: 3, pixels: Array(image.pixels[..<(256 * 240 * 3)]))
        }
        try builder.write(upper(picture), picture)
        try builder.write(upper(mask).turned(from: turned), mask)
    }

    @Test func cancellingGivesNothing() async throws {
        try await withScenes([.train: 4], size: 32) { builder in
            let found = try await DatasetAudit.run(on: Dataset(builder.root), threadCount: 2, isCancelled: { true })
            #expect(found == nil)
        }
    }
}

extension Image {
    /// Red for blue: no color of masks.
    fileprivate func channelsExchanged() throws -> Image {
        var exchanged = pixels
        for index in exchanged.indices where index % 3 != 0 {
            exchanged[index] = index % 3 == 1 ? 200 : pixels[index - 2]
        }
        return try Image(width: width, height: height, channels: 3, pixels: exchanged)
    }
}
