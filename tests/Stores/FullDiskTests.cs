using Iscsitop.Target.Scsi;
using Iscsitop.Target.Stores;
using Iscsitop.Tests.Conformance;
using Iscsitop.Tests.Scsi;

namespace Iscsitop.Tests.Stores;

/// <summary>A thin file on a real file system that is smaller than it.</summary>
[TestFixture, Platform("Linux", Reason = "file systems are mounted as Linux mounts them")]
public sealed class FullDiskTests
{
    private const int Piece = 256 << 10;
    private const uint PieceBlocks = Piece / 512;
    private const int Pieces = 64;

    private readonly byte[] _data = new byte[Piece];

    [Test]
    public void A_write_without_space_fails_and_goes_on_when_there_is_some([Values("tmpfs", "ext4")] string kind)
    {
        using var scratch = new Scratch();
        using var mounted = new Mounted(scratch, kind);
        string ballast = Path.Combine(mounted.Path, "ballast");
        File.WriteAllBytes(ballast, new byte[4 * Piece]);
        using var rig = new Rig(FileStore.Open(Path.Combine(mounted.Path, "disk"), Pieces * Piece, 512, readOnly: false), thin: true);

        uint full = 0;
        while (full < Pieces && Write(rig, full, fua: full % 2 == 0) == ScsiStatus.Good) full++;
        Assert.That((full < Pieces, rig.Code), Is.EqualTo((true, SenseCode.SpaceAllocationFailed)), $"after {full} pieces");
        Assert.That(rig.Run("35 00 00 00 00 00 00 00 00 00"), Is.EqualTo(ScsiStatus.Good), "what was taken can be kept");
        Assert.That(Write(rig, 0, fua: true), Is.EqualTo(ScsiStatus.Good), "where there is space already");
        Write(rig, Pieces - 1, fua: false);
        Assert.That(rig.Code, Is.EqualTo(SenseCode.SpaceAllocationFailed));

        File.Delete(ballast);
        for (uint end = full + 3; full < end; full++) Assert.That(Write(rig, full, fua: true), Is.EqualTo(ScsiStatus.Good), $"piece {full}, when space is back");
        Assert.That(Unmap(rig, full - 1), Is.EqualTo(ScsiStatus.Good), "a full disk can be emptied");
        for (uint i = 0; i < full - 1; i++) Assert.That(IsThere(rig, i), $"piece {i}");
    }

    private ScsiStatus Write(Rig rig, uint piece, bool fua)
    {
        _data.AsSpan().Fill((byte)(piece + 1));
        byte[] cdb = MediumTests.Cdb(0x2a, piece * PieceBlocks, PieceBlocks);
        if (fua) cdb[1] |= 0x08;
        return rig.Run(cdb, _data);
    }

    private static ScsiStatus Unmap(Rig rig, uint piece)
    {
        byte[] cdb = MediumTests.Cdb(0x41, piece * PieceBlocks, PieceBlocks);
        cdb[1] |= 0x08;
        return rig.Run(cdb, new byte[512]);
    }

    private static bool IsThere(Rig rig, uint piece) =>
        rig.Run(MediumTests.Cdb(0x28, piece * PieceBlocks, PieceBlocks)) == ScsiStatus.Good
        && !rig.DataIn.AsSpan().ContainsAnyExcept((byte)(piece + 1));

    /// <summary>A file system of 8 MiB, mounted until it is disposed.</summary>
    private sealed class Mounted : IDisposable
    {
        public Mounted(Scratch scratch, string kind)
        {
            Path = scratch.File("mounted");
            Directory.CreateDirectory(Path);
            Output mount = kind == "tmpfs" ? Client.Run("mount", "-t", "tmpfs", "-o", "size=8m", "none", Path) : MountExt4(scratch.File("image"));
            Client.NeedThat(mount.ExitCode == 0, $"{kind} cannot be mounted here: {mount.All.Trim()}");
        }

        public string Path { get; }

        public void Dispose() => Client.RunWell("umount", Path);

        private Output MountExt4(string image)
        {
            using (FileStream file = File.Create(image)) file.SetLength(8 << 20);
            Client.RunWell(Client.Need("mkfs.ext4"), "-q", "-m", "0", "-O", "^has_journal", image);
            return Client.Run("mount", "-o", "loop", image, Path);
        }
    }
}
