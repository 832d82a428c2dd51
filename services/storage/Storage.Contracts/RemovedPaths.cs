using System.Buffers;

namespace Storage.Contracts;

/// <summary>
/// v2: which nodes a removed directory took with it. Whoever watches one of them hears of the removal, and of paths that never were nobody does. Immutable.
/// </summary>
/// <remarks>
/// Encoded: the paths below the directory ("a/b", UTF-8) in byte order, each as the number of bytes that it shares with the one before, the number of those that follow, both in base 128 as in protobuf, and
/// these. So it takes little more than the nodes' names do, however deep they lie.
/// </remarks>
public sealed class RemovedPaths
{
    /// <summary>What a list may come to; of a directory whose list would be longer, nobody knows what was in it.</summary>
    public const int MostBytes = 1024 * 1024;

    // Both numbers and a byte.
    private const int FewestBytesOfPath = 3;

    private RemovedPaths(ReadOnlyMemory<byte> encoded) => Encoded = encoded;

    /// <summary>The directory was empty.</summary>
    public static RemovedPaths None { get; } = new(default);

    /// <summary>Paths that a list can hold at most.</summary>
    public static int MostPaths => MostBytes / FewestBytesOfPath;

    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>The list of these; null when it would be too long.</summary>
    /// <param name="paths">Below the directory, in any order; they are sorted in place.</param>
    public static RemovedPaths? Of(List<byte[]> paths)
    {
        if (paths.Count == 0)
            return None;
        if (paths.Count > MostPaths)
            return null;
        paths.Sort(static (a, b) => a.AsSpan().SequenceCompareTo(b));
        var encoded = new ArrayBufferWriter<byte>();
        ReadOnlySpan<byte> previous = [];
        foreach (var path in paths)
        {
            var shared = previous.CommonPrefixLength(path);
            WriteNumber(encoded, shared);
            WriteNumber(encoded, path.Length - shared);
            encoded.Write(path.AsSpan(shared));
            if (encoded.WrittenCount > MostBytes)
                return null;
            previous = path;
        }
        return new RemovedPaths(encoded.WrittenMemory);
    }

    /// <summary>Null when the bytes are no such list.</summary>
    public static RemovedPaths? Read(ReadOnlyMemory<byte> encoded)
    {
        var paths = new Cursor(encoded.Span);
        while (paths.MoveNext())
        {
        }
        return paths.IsMalformed ? null : new RemovedPaths(encoded);
    }

    /// <summary>Was the node there? Takes time in proportion to the list.</summary>
    public bool Contains(ReadOnlySpan<byte> path)
    {
        var paths = GetCursor();
        while (paths.MoveNext())
        {
            var order = paths.Current.SequenceCompareTo(path);
            if (order >= 0)
                return order == 0;
        }
        return false;
    }

    /// <summary>The paths, in byte order.</summary>
    public Cursor GetCursor() => new(Encoded.Span);

    private static void WriteNumber(ArrayBufferWriter<byte> into, int value)
    {
        for (; value >= 0x80; value >>= 7)
            into.Write([(byte)(value | 0x80)]);
        into.Write([(byte)value]);
    }

    /// <summary>Reads one path after the other.</summary>
    public ref struct Cursor(ReadOnlySpan<byte> encoded)
    {
        private ReadOnlySpan<byte> _rest = encoded;
        private byte[] _path = [];
        private int _length;

        /// <summary>Valid until the next move.</summary>
        public readonly ReadOnlySpan<byte> Current => _path.AsSpan(0, _length);

        /// <summary>The bytes ended the cursor, not the list.</summary>
        public bool IsMalformed { get; private set; }

        public bool MoveNext()
        {
            if (_rest.IsEmpty)
                return false;
            if (!TryReadNumber(out var shared) || !TryReadNumber(out var more) || shared > _length || more > _rest.Length)
            {
                IsMalformed = true;
                _rest = default;
                return false;
            }
            if (_path.Length < shared + more)
                Array.Resize(ref _path, Math.Max(shared + more, 2 * _path.Length));
            _rest[..more].CopyTo(_path.AsSpan(shared));
            _length = shared + more;
            _rest = _rest[more..];
            return true;
        }

        private bool TryReadNumber(out int value)
        {
            value = 0;
            for (var shift = 0; shift <= 21 && !_rest.IsEmpty; shift += 7)
            {
                var next = _rest[0];
                _rest = _rest[1..];
                value |= (next & 0x7F) << shift;
                if (next < 0x80)
                    return true;
            }
            return false;
        }
    }
}
