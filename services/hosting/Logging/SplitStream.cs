namespace Hosting.Logging;

/// <summary>Writes to several streams.</summary>
internal sealed class SplitStream(IReadOnlyList<Stream> targets) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        IOException? failure = null;
        foreach (var target in targets)
        {
            try
            {
                target.Write(buffer);
            }
            catch (IOException broken)
            {
                failure = broken; // The others still get it.
            }
        }
        if (failure is not null)
            throw failure;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        foreach (var target in targets)
            target.Flush();
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        foreach (var target in targets)
            target.Dispose();
        base.Dispose(disposing);
    }
}
