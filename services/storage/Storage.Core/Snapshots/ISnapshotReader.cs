namespace Storage.Core.Snapshots;

/// <summary>Reads one tree commit to its end, piece by piece. For one thread at a time.</summary>
public interface ISnapshotReader<out T>
    where T : class
{
    /// <summary>The next piece, after a bounded amount of work; null after the end.</summary>
    /// <exception cref="Tree.PageCorruptException">A page failed its checksum (I11).</exception>
    T? Next();
}
