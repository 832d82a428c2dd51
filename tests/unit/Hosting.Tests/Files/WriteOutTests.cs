using EndToEnd.Tests.Tools;
using Hosting.Files;

namespace Hosting.Tests.Files;

public sealed class WriteOutTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_ManyPiecesInAnyOrder_FileHoldsThemAll()
    {
        var random = new Random(1);
        var expected = new byte[4 * WriteOut.PieceBytes];
        using var file = File.OpenHandle(Path.Combine(_folder.Path, "file"), FileMode.CreateNew, FileAccess.ReadWrite);
        var writer = new WriteOut(file);
        for (var i = 0; i < 200; i++)
        {
            var bytes = new byte[random.Next(1, i % 20 == 0 ? 3 * WriteOut.PieceBytes : 20_000)];
            random.NextBytes(bytes);
            var offset = random.Next(expected.Length - bytes.Length);
            bytes.CopyTo(expected, offset);
            writer.Write(bytes, offset);
            if (i % 50 == 0)
                writer.Synced();
        }
        var read = new byte[RandomAccess.GetLength(file)];
        Assert.Equal(read.Length, RandomAccess.Read(file, read, 0));
        Assert.Equal(expected[..read.Length], read);
    }

    [Fact]
    public void Write_PieceCannotBeSent_Throws()
    {
        // A device that takes everything and has no pages to be written out.
        using var file = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write);
        var writer = new WriteOut(file);
        writer.Write(new byte[WriteOut.PieceBytes - 1], 0);
        Assert.Contains("sync_file_range", Assert.Throws<IOException>(() => writer.Write([1], 0)).Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5_000_000)]
    [InlineData(9_999_999)]
    public void Cut_Longer_KeepsWhatComesBefore(int length)
    {
        var content = new byte[9_999_999];
        new Random(2).NextBytes(content);
        using var file = File.OpenHandle(Path.Combine(_folder.Path, "file"), FileMode.CreateNew, FileAccess.ReadWrite);
        RandomAccess.Write(file, content, 0);
        FileCut.To(file, length);
        var read = new byte[length];
        Assert.Equal(length, RandomAccess.GetLength(file));
        Assert.Equal(length, RandomAccess.Read(file, read, 0));
        Assert.Equal(content[..length], read);
    }

    [Fact]
    public void Cut_Shorter_StaysAsItIs()
    {
        using var file = File.OpenHandle(Path.Combine(_folder.Path, "file"), FileMode.CreateNew, FileAccess.ReadWrite);
        RandomAccess.Write(file, [1, 2, 3], 0);
        FileCut.To(file, 10);
        Assert.Equal(3, RandomAccess.GetLength(file));
    }
}
