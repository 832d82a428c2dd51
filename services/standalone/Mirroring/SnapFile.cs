using Google.Protobuf;
using Standalone.Snapshots;
using Storage.Core.Checksums;

namespace Standalone.Mirroring;

/// <summary>
/// A file of etcd's folder member/snap: <c>snappb.Snapshot</c> (1: CRC-32C, 2: bytes), around a <c>raftpb.Snapshot</c> (1: state, 2: metadata). Numbers are those of etcd's .proto files.
/// </summary>
internal static class SnapFile
{
    // What is read into memory at once: no v2 store, all of which etcd holds in memory several times over, comes near.
    private const long MostBytes = 1024 * 1024 * 1024;

    private const int Checksum = 1, Snapshot = 2, State = 1;

    /// <summary>The state in a file.</summary>
    /// <exception cref="CommandRefusedException">It cannot be read, or is none; the message is a whole line.</exception>
    public static ReadOnlyMemory<byte> ReadState(string path)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MostBytes })
                throw new InvalidDataException("it is larger than 1 GiB");
            return StateOf(SnapshotCommand.Open("open", path, File.ReadAllBytes));
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or InvalidDataException)
        {
            var reason = error is InvalidProtocolBufferException ? "it is cut off or has another form" : error.Message;
            throw CommandRefusedException.Failure($"{path} is no snapshot of etcd's, or is damaged: {reason}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CommandRefusedException.Failure($"{path} cannot be read: {error.Message}");
        }
    }

    /// <exception cref="InvalidDataException">The bytes are no such file.</exception>
    /// <exception cref="InvalidProtocolBufferException">They are not even messages.</exception>
    internal static ReadOnlyMemory<byte> StateOf(byte[] file)
    {
        var (checksum, snapshot) = (0UL, ByteString.Empty);
        var envelope = new CodedInputStream(file);
        while (envelope.ReadTag() is var tag and not 0)
        {
            if (tag == WireFormat.MakeTag(Checksum, WireFormat.WireType.Varint))
                checksum = envelope.ReadUInt64(); // Of 32 bits; what is beyond them is damage, too.
            else if (tag == WireFormat.MakeTag(Snapshot, WireFormat.WireType.LengthDelimited))
                snapshot = envelope.ReadBytes();
            else
                envelope.SkipLastField();
        }
        if (snapshot.IsEmpty)
            throw new InvalidDataException("it is empty");
        if (Crc32C.Finish(Crc32C.Append(Crc32C.Initial, snapshot.Span)) != checksum)
            throw new InvalidDataException("its checksum does not match");

        var state = ByteString.Empty;
        var inner = snapshot.CreateCodedInput();
        while (inner.ReadTag() is var tag and not 0)
        {
            if (tag == WireFormat.MakeTag(State, WireFormat.WireType.LengthDelimited))
                state = inner.ReadBytes();
            else
                inner.SkipLastField();
        }
        return state.Memory;
    }
}
