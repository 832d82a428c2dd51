using Consensus.Contracts;
using Consensus.Core.Log;
using Consensus.Host.Tail;
using Consensus.Core.Wal;

namespace Consensus.Host.Service;

/// <summary>Stored entries: from memory when they are recent, else from disk.</summary>
internal sealed class StoredLog(RecentEntries recent, WriteAheadLog wal) : IStoredLog
{
    public Entry[] Read(LogIndex from, LogIndex to, int maxBytes) =>
        recent.TryRead(from, to, maxBytes, out var entries) ? entries : wal.Read(from, to, maxBytes);
}
