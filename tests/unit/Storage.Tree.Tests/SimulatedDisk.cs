using Storage.Core.Tree;

namespace Storage.Tree.Tests;

/// <summary>A device in memory that notes every call, so that a crash at any point can be acted out afterwards. As strict as a real one.</summary>
internal sealed class SimulatedDisk(int extentBytes) : IPageDevice
{
    private readonly List<byte[]> _extents = [];

    public SimulatedDisk(SimulatedDisk source) : this(source.ExtentBytes)
    {
        foreach (var extent in source._extents)
            _extents.Add((byte[])extent.Clone());
        Length = source.Length;
    }

    public List<DiskOperation> Log { get; } = [];

    public long Length { get; private set; }

    public int ExtentBytes => extentBytes;

    /// <summary>Called before every write and sync; throws to act out a failing disk.</summary>
    public Action<DiskOperation>? Intercept { get; set; }

    /// <summary>Told of every read (false) and of every fetch ahead (true), with offset and length.</summary>
    public Action<bool, long, int>? Accessed { get; set; }

    public void SetLength(long length)
    {
        Note(DiskOperation.SetLength(length));
        while ((long)_extents.Count * extentBytes < length)
            _extents.Add(new byte[extentBytes]);
        var cut = Math.Min(Length, length);
        // What is cut off is gone: growing again brings zeros.
        for (var at = cut; at < Length; at = (at / extentBytes + 1) * extentBytes)
            _extents[(int)(at / extentBytes)].AsSpan((int)(at % extentBytes)).Clear();
        Length = length;
    }

    public ReadOnlySpan<byte> Read(long offset, int length)
    {
        Accessed?.Invoke(false, offset, length);
        return At(offset, length);
    }

    /// <summary>Whether a range is in memory; null: all are.</summary>
    public Func<long, int, bool>? Holds { get; set; }

    public bool IsInMemory(long offset, int length) => Holds?.Invoke(offset, length) ?? true;

    public void FetchAhead(long offset, int length)
    {
        Accessed?.Invoke(true, offset, length);
        if (offset < 0 || length <= 0 || offset + length > Length)
            throw new InvalidOperationException($"fetch of {length} bytes at {offset} is outside the file of {Length}");
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        if (offset < 0 || offset + data.Length > Length)
            throw new InvalidOperationException($"write of {data.Length} bytes at {offset} is outside the file of {Length}");
        Note(DiskOperation.Write(offset, data));
        while (!data.IsEmpty)
        {
            var part = (int)Math.Min(data.Length, extentBytes - offset % extentBytes);
            data[..part].CopyTo(At(offset, part));
            data = data[part..];
            offset += part;
        }
    }

    public void Sync() => Note(DiskOperation.Sync());

    public void FlipBit(long offset, int bit) => At(offset, 1)[0] ^= (byte)(1 << bit);

    /// <summary>Carries out a noted call, or the first part of a write.</summary>
    public void Apply(DiskOperation operation, int bytes = int.MaxValue)
    {
        if (operation.IsSync)
            return;
        if (operation.Data is { } data)
            Write(operation.Offset, data.AsSpan(0, Math.Min(bytes, data.Length)));
        else
            SetLength(operation.Offset);
    }

    private Span<byte> At(long offset, int length)
    {
        if (offset < 0 || length < 0 || offset + length > Length || offset / extentBytes != (offset + Math.Max(length, 1) - 1) / extentBytes)
            throw new InvalidOperationException($"{length} bytes at {offset} are outside the file of {Length} or cross an extent");
        return _extents[(int)(offset / extentBytes)].AsSpan((int)(offset % extentBytes), length);
    }

    private void Note(DiskOperation operation)
    {
        Intercept?.Invoke(operation);
        Log.Add(operation);
    }
}
