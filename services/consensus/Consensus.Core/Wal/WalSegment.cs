using System.Globalization;
using Consensus.Contracts;

namespace Consensus.Core.Wal;

/// <summary>One segment file. Its name is its sequence and the first index that may be in it, both hexadecimal.</summary>
internal sealed class WalSegment(string location, string name, ulong sequence, LogIndex before, ILogFile file) : IDisposable
{
    public const string Extension = ".wal";

    public string Name { get; } = name;

    /// <summary>Where it lies, for messages to people.</summary>
    public string Path { get; } = PathOf(location, name);

    public ulong Sequence { get; } = sequence;

    /// <summary>The log continues after this index in the segment; none of its entries is at or before it.</summary>
    public LogIndex Before { get; } = before;

    public ILogFile File { get; } = file;

    /// <summary>Bytes of the file.</summary>
    public long Capacity { get; set; } = file.Length;

    public static string NameOf(ulong sequence, LogIndex first) => $"{sequence:x16}-{first.Value:x16}{Extension}";

    public static bool TryParseName(string fileName, out ulong sequence, out LogIndex first)
    {
        sequence = 0;
        first = default;
        var name = System.IO.Path.GetFileNameWithoutExtension(fileName.AsSpan());
        if (name.Length != 33 || name[16] != '-'
            || !ulong.TryParse(name[..16], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out sequence)
            || !ulong.TryParse(name[17..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var index))
        {
            return false;
        }
        first = new LogIndex(index);
        return index > 0;
    }

    public static string PathOf(string location, string name) => System.IO.Path.Combine(location, name);

    public void Dispose() => File.Dispose();
}
