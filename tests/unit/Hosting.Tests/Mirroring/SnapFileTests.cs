using System.Text;
using EndToEnd.Tests.Tools;
using Google.Protobuf;
using Standalone.Mirroring;
using Standalone.Snapshots;
using Storage.Core.Checksums;

namespace Hosting.Tests.Mirroring;

/// <summary>Goal: the state in a snapshot file of etcd's is found, and no damage passes for one. Method: files made by etcd's .proto, whole, cut at every length and with every byte changed.</summary>
public sealed class SnapFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void StateOf_File_IsTheState() => Assert.Equal("state", Encoding.UTF8.GetString(SnapFile.StateOf(File("state"u8)).Span));

    [Fact]
    public void StateOf_CutAnywhere_IsRefused()
    {
        var file = File("state"u8);
        for (var length = 0; length < file.Length; length++)
            Assert.Contains("is no snapshot of etcd's, or is damaged: ", Refusal(file[..length]), StringComparison.Ordinal);
    }

    [Fact]
    public void StateOf_AnyByteChanged_IsRefused()
    {
        var file = File("state"u8);
        for (var at = 0; at < file.Length; at++)
        {
            var damaged = (byte[])file.Clone();
            damaged[at] ^= 0x10;
            Assert.Contains("is no snapshot of etcd's, or is damaged: ", Refusal(damaged), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void StateOf_WrongChecksum_SaysSo()
    {
        var file = File("state"u8);
        file[1] ^= 1;
        Assert.EndsWith("or is damaged: its checksum does not match", Refusal(file), StringComparison.Ordinal);
    }

    [Fact]
    public void ReadState_NoFile_IsRefusedInOneLine()
    {
        var path = _folder.Sub("nope.snap");
        Assert.Equal($"open {path}: no such file or directory", Assert.Throws<CommandRefusedException>(() => SnapFile.ReadState(path)).Message);
        Assert.StartsWith($"{_folder.Path} cannot be read: ", Assert.Throws<CommandRefusedException>(() => SnapFile.ReadState(_folder.Path)).Message, StringComparison.Ordinal);
    }

    private string Refusal(byte[] file)
    {
        var path = _folder.Sub("x.snap");
        System.IO.File.WriteAllBytes(path, file);
        var refused = Assert.Throws<CommandRefusedException>(() => SnapFile.ReadState(path));
        Assert.Equal((1, false), (refused.ExitCode, refused.ShowsUsage));
        return refused.Message;
    }

    // snappb.Snapshot around raftpb.Snapshot, whose metadata is index 7 of term 2.
    private static byte[] File(ReadOnlySpan<byte> state)
    {
        var snapshot = Message(1, ByteString.CopyFrom(state), [0x12, 0x04, 0x10, 0x07, 0x18, 0x02]);
        var crc = Crc32C.Finish(Crc32C.Append(Crc32C.Initial, snapshot));
        using var file = new MemoryStream();
        using (var output = new CodedOutputStream(file, leaveOpen: true))
        {
            output.WriteTag(1, WireFormat.WireType.Varint);
            output.WriteUInt32(crc);
        }
        return [.. file.ToArray(), .. Message(2, ByteString.CopyFrom(snapshot), [])];
    }

    private static byte[] Message(int field, ByteString bytes, byte[] rest)
    {
        using var message = new MemoryStream();
        using (var output = new CodedOutputStream(message, leaveOpen: true))
        {
            output.WriteTag(field, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(bytes);
        }
        return [.. message.ToArray(), .. rest];
    }
}
