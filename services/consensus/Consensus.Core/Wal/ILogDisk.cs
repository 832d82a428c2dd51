namespace Consensus.Core.Wal;

/// <summary>The directory that the write-ahead log lies in. The shell brings real files, the simulation brings bytes that a crash can lose.</summary>
/// <remarks>
/// One thread calls it. A name that was created, renamed or deleted is durable after <see cref="SyncNames"/>, not before; an order among
/// names that changed in between is not promised. Failures are <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.
/// </remarks>
public interface ILogDisk
{
    /// <summary>Where it lies, for messages to people.</summary>
    string Location { get; }

    /// <summary>Names of the files, in no particular order.</summary>
    IReadOnlyList<string> List();

    /// <summary>Opens a file for reading and writing.</summary>
    ILogFile Open(string name);

    /// <summary>Gives a file another name, which no file has yet. Files stay open over it.</summary>
    void Rename(string name, string newName);

    /// <summary>Deletes a file, which is closed.</summary>
    void Delete(string name);

    /// <summary>Returns once the names in the directory are durable as they are now.</summary>
    void SyncNames();

    /// <summary>Begins to make the spare, and returns at once: its zeros are written elsewhere, and a failure shows when it is taken. Without effect when there is one.</summary>
    void PrepareSpare(long bytes);

    /// <summary>
    /// Opens the spare: a file of zeros named <see cref="SpareName"/>, <paramref name="bytes"/> long or longer, whose length and blocks are
    /// durable so that writes into it need no metadata. Waits for one that is being prepared, makes one when there is none or it is too short.
    /// </summary>
    /// <exception cref="IOException">No space; nothing is left behind.</exception>
    ILogFile TakeSpare(long bytes);

    /// <summary>Deletes the spare, prepared in this process or left by one that crashed; waits for one that is being prepared.</summary>
    void DiscardSpare();

    /// <summary>Name of the file that is to become the next segment.</summary>
    const string SpareName = "spare.tmp";
}

/// <summary>An open file. Only <see cref="Read"/> may be called from any thread.</summary>
/// <remarks>What was written and not synced may be lost in a crash, any sector of it independently of the others.</remarks>
public interface ILogFile : IDisposable
{
    /// <summary>Bytes of the file.</summary>
    long Length { get; }

    /// <summary>Reads up to the length of <paramref name="buffer"/>; 0 at the end of the file.</summary>
    /// <exception cref="ObjectDisposedException">The file was closed.</exception>
    int Read(Span<byte> buffer, long offset);

    /// <summary>Writes all of <paramref name="bytes"/>; the file grows when they reach beyond its end.</summary>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Returns once everything written is on stable storage. After a failure nobody knows what is.</summary>
    void Sync();
}
