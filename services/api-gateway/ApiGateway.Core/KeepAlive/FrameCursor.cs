using System.Buffers.Binary;

namespace ApiGateway.Core.KeepAlive;

/// <summary>Finds the frames in one direction of an HTTP/2 connection, whose bytes come in pieces of any size. Mutable; not to be copied.</summary>
/// <param name="prefaceBytes">Bytes before the first frame.</param>
public struct FrameCursor(int prefaceBytes)
{
    /// <summary>What a client sends first (RFC 9113 §3.4).</summary>
    public const int ClientPrefaceBytes = 24;

    private const int HeadBytes = 9;

    // Bytes until the next frame.
    private int _toSkip = prefaceBytes;

    // A head that was cut: its bytes so far.
    private Head _head;
    private int _headBytes;

    /// <summary>Takes bytes off the front up to and including the next head; false when there is none among them, and then all are taken.</summary>
    public bool Next(ref ReadOnlySpan<byte> bytes, out FrameHead head)
    {
        head = default;
        var skipped = Math.Min(_toSkip, bytes.Length);
        bytes = bytes[skipped..];
        _toSkip -= skipped;
        if (_toSkip > 0 || bytes.IsEmpty)
            return false;
        if (_headBytes == 0 && bytes.Length >= HeadBytes)
        {
            head = Read(bytes);
            bytes = bytes[HeadBytes..];
            return true;
        }
        Span<byte> whole = _head;
        var taken = Math.Min(HeadBytes - _headBytes, bytes.Length);
        bytes[..taken].CopyTo(whole[_headBytes..]);
        bytes = bytes[taken..];
        _headBytes += taken;
        if (_headBytes < HeadBytes)
            return false;
        _headBytes = 0;
        head = Read(whole);
        return true;
    }

    private FrameHead Read(ReadOnlySpan<byte> head)
    {
        _toSkip = (head[0] << 16) | (head[1] << 8) | head[2];
        return new FrameHead(head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head[5..]) & int.MaxValue);
    }

    [System.Runtime.CompilerServices.InlineArray(HeadBytes)]
    private struct Head
    {
        private byte _first;
    }
}
