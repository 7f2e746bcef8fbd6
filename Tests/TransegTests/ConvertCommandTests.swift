import Foundation
import Images
import TestSupport
import Testing

@Suite struct ConvertCommandTests {
    /// A ring and a bar, whose values are Trans10K's: things 85, stuff 255 of the mean.
    private func writeMasks(in folder: String) throws {
        for part in ["set/masks", "set/images"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(part)", withIntermediateDirectories: true)
        }
        for (index, name) in ["one", "two"].enumerated() {
            let pixels = (0..<40 * 60).flatMap { place -> [UInt8] in
                let (x, y) = (place % 60 - 20 - index, place / 60 - 20)
                if (60..<200).contains(x * x + y * y) { return [255, 255, 255] }
                return x > 30 ? [255, 0, 0] : [0, 0, 0]
            }
            let mask = try Image(width: 60, height: 40, channels: 3, pixels: pixels)
            try mask.write(to: "\(folder)/set/masks/\(name)_mask.png")
            try mask.write(to: "\(folder)/set/images/\(name).png")
        }
    }

    @Test(arguments: ["coco", "yolo", "labelstudio", "cvat"]) func masksComeBackFromEveryForm(_ form: String) throws {
        try withTemporaryFolder { folder in
            try writeMasks(in: folder)
            let file = ["coco": "/coco.json", "labelstudio": "/labelstudio.json", "cvat": "/cvat.xml"][form] ?? ""
            for classes in ["glass", "things,stuff"] {
                let there = try Program.run(
                    ["convert", "set", "--to", form, "--classes", classes, "--output", form], in: folder)
                #expect(there.exitCode == 0, "\(there.errors)")
                #expect(
                    there.output
                        == "2 pictures converted: \(form)/\(form == "yolo" ? "data.yaml" : String(file.dropFirst()))\n")
                let back = try Program.run(
                    [
                        "convert", form + file, "--to", "masks", "--classes", classes, "--pictures", "set/images",
                        "--output",
                        "back",
                    ], in: folder)
                #expect(back.exitCode == 0, "\(back.errors)")
                for name in ["one", "two"] {
                    let truth = try ImageReader().readValues(contentsOf: "\(folder)/set/masks/\(name)_mask.png")
                    let mask = try ImageReader().readValues(contentsOf: "\(folder)/back/\(name)_mask.png")
                    if classes == "glass" {
                        #expect(mask.pixels == stride(from: 0, to: truth.pixels.count, by: 3).map { truth.pixels[$0] })
                    } else {
                        #expect(mask == truth)
                    }
                }
            }
        }
    }

    @Test func segmentWritesAnnotationsOfItsMasks() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/in", withIntermediateDirectories: true)
            for seed in 1...3 {
                try drawnPicture(width: 90, height: 70, seed: seed).write(to: "\(folder)/in/\(seed).png")
            }
            let result = try Program.run(
                [
                    "segment", "in", "--model", tinyModel, "--write", "mask,coco,yolo,labelstudio,cvat", "--output",
                    "out",
                ],
                in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(
                try names(in: "\(folder)/out")
                    == [
                        "1_mask.png", "2_mask.png", "3_mask.png", "coco.json", "cvat.xml", "data.yaml", "labels",
                        "labelstudio.json",
                    ])
            for source in ["out/coco.json", "out/cvat.xml", "out"] {
                let back = try Program.run(
                    ["convert", source, "--to", "masks", "--classes", "glass", "--pictures", "in", "--output", "back"],
                    in: folder)
                #expect(back.exitCode == 0, "\(back.errors)")
                for seed in 1...3 {
                    #expect(
                        try ImageReader().readValues(contentsOf: "\(folder)/back/\(seed)_mask.png")
                            == ImageReader().readValues(contentsOf: "\(folder)/out/\(seed)_mask.png"))
                }
            }
        }
    }

    @Test func whatCannotBeReadIsNamed() throws {
        try withTemporaryFolder { folder in
            for (name, content, text) in [
                ("a.json", #"{"images": []}"#, "a.json is no COCO file of instances: the key annotations is missing"),
                ("b.json", "[1]", "b.json is no file of Label Studio's tasks"),
                ("c.xml", "<html/>", "c.xml is no XML file of CVAT's annotations"),
                ("d.xml", "<annotations>\n<image", "c.xml is no XML file"),
                ("e.txt", "0 0.1 0.2", "neither JSON of COCO or Label Studio"),
                (
                    "f.json",
                    #"{"images":[{"id":1,"file_name":"p.jpg","width":4,"height":2}],"categories":[{"id":3,"name":"x"}],"annotations":[{"id":1,"image_id":1,"category_id":9,"segmentation":[]}]}"#,
                    "the category 9, which the file does not list"
                ),
                (
                    "g.json",
                    #"{"images":[{"id":1,"file_name":"p.jpg","width":4,"height":2}],"categories":[{"id":3,"name":"x"}],"annotations":[{"id":1,"image_id":1,"category_id":3,"segmentation":{"size":[2,4],"counts":[9223372036854775807,1]}}]}"#,
                    "a run-length code has"
                ),
                (
                    "h.json",
                    #"{"images":[{"id":1,"file_name":"p.jpg","width":400000000,"height":2}],"categories":[],"annotations":[]}"#,
                    "sides of 1 to 65536 were expected"
                ),
            ] {
                try content.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
                let result = try Program.run(["convert", name, "--to", "masks", "--output", "out"], in: folder)
                #expect(result.exitCode == 1, "\(name): \(result.output) \(result.errors)")
                #expect(result.errorLines.count == 1)
                if name != "d.xml" { #expect(result.errors.contains(text), "\(result.errors)") }
            }
            let none = try Program.run(["convert", "nowhere", "--to", "coco", "--output", "out"], in: folder)
            #expect(none.exitCode == 1 && none.errors.contains("there is no folder or file nowhere"))
            let form = try Program.run(["convert", "nowhere", "--to", "voc", "--output", "out"], in: folder)
            #expect(form.exitCode == 64)
        }
    }
}
