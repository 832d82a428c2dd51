using Consensus.Contracts;

namespace Consensus.Core.Log;

/// <summary>The entries that were stored. The host answers from memory or disk; the answer is a pure function of what was stored.</summary>
public interface IStoredLog
{
    /// <summary>
    /// Entries of [<paramref name="from"/>, <paramref name="to"/>), all of them stored: as many as fit in
    /// <paramref name="maxBytes"/> of data, and at least one.
    /// </summary>
    Entry[] Read(LogIndex from, LogIndex to, int maxBytes);
}
