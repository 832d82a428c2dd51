using System.Globalization;
using Consensus.Contracts;
using Microsoft.Win32.SafeHandles;

namespace Consensus.Host.Wal;

/// <summary>One segment file. Its name is its sequence and the first index that may be in it, both hexadecimal.</summary>
internal sealed class WalSegment(string path, ulong sequence, LogIndex before, SafeFileHandle handle) : IDisposable
{
    public const string Extension = ".wal";

    public string Path { get; } = path;
    public ulong Sequence { get; } = sequence;

    /// <summary>The log continues after this index in the segment; none of its entries is at or before it.</summary>
    public LogIndex Before { get; } = before;

    public SafeFileHandle Handle { get; } = handle;

    /// <summary>Bytes of the file.</summary>
    public long Capacity { get; set; } = RandomAccess.GetLength(handle);

    public static string NameOf(ulong sequence, LogIndex first) => $"{sequence:x16}-{first.Value:x16}{Extension}";

    public static bool TryParseName(string path, out ulong sequence, out LogIndex first)
    {
        sequence = 0;
        first = default;
        var name = System.IO.Path.GetFileNameWithoutExtension(path.AsSpan());
        if (name.Length != 33 || name[16] != '-'
            || !ulong.TryParse(name[..16], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out sequence)
            || !ulong.TryParse(name[17..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var index))
        {
            return false;
        }
        first = new LogIndex(index);
        return index > 0;
    }

    public static SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    public void Dispose() => Handle.Dispose();
}
