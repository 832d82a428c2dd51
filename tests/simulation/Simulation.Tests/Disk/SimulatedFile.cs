namespace Simulation.Disk;

/// <summary>The bytes of a file as a process sees them, those that are safe, and the writes that make the difference.</summary>
internal sealed class SimulatedFile(long bytes)
{
    private readonly record struct UnsyncedWrite(long Offset, byte[] Bytes, bool IsDoomed)
    {
        public bool Covers(in UnsyncedWrite other) => Offset <= other.Offset && Offset + Bytes.Length >= other.Offset + other.Bytes.Length;
    }


    private readonly List<UnsyncedWrite> _unsynced = [];
    private byte[] _seen = new byte[bytes];
    private byte[] _safe = new byte[bytes];

    public long Length => _seen.Length;

    public int Read(Span<byte> buffer, long offset)
    {
        if (offset >= _seen.Length)
            return 0;
        var count = (int)Math.Min(buffer.Length, _seen.Length - offset);
        _seen.AsSpan((int)offset, count).CopyTo(buffer);
        return count;
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        Write(ref _seen, bytes, offset);
        _unsynced.Add(new UnsyncedWrite(offset, bytes.ToArray(), IsDoomed: false));
    }

    public void Sync()
    {
        foreach (var write in _unsynced)
        {
            if (!write.IsDoomed)
                Write(ref _safe, write.Bytes, write.Offset);
        }
        _unsynced.RemoveAll(write => !write.IsDoomed || _unsynced.Exists(other => !other.IsDoomed && other.Covers(write)));
    }

    /// <summary>After a failed sync the kernel takes the pages for clean: no later sync writes them, yet a reader sees them.</summary>
    public void FailSync()
    {
        for (var i = 0; i < _unsynced.Count; i++)
            _unsynced[i] = _unsynced[i] with { IsDoomed = true };
    }

    /// <summary>Each sector holds what some prefix of the writes to it made of it.</summary>
    public void LosePower(Random random, double odds, int sectorBytes)
    {
        // How many of the writes to a sector got there is drawn once per sector: writes to one sector keep their order.
        var stopped = new HashSet<long>();
        foreach (var write in _unsynced)
        {
            var end = write.Offset + write.Bytes.Length;
            for (var at = write.Offset; at < end;)
            {
                var sector = at / sectorBytes;
                var next = Math.Min(end, (sector + 1) * sectorBytes);
                if (!stopped.Contains(sector) && random.NextDouble() < odds)
                    Write(ref _safe, write.Bytes.AsSpan((int)(at - write.Offset), (int)(next - at)), at);
                else
                    stopped.Add(sector);
                at = next;
            }
        }
        _unsynced.Clear();
        _seen = (byte[])_safe.Clone();
    }

    private static void Write(ref byte[] target, ReadOnlySpan<byte> bytes, long offset)
    {
        if (offset + bytes.Length > target.Length)
            Array.Resize(ref target, (int)(offset + bytes.Length));
        bytes.CopyTo(target.AsSpan((int)offset));
    }
}
