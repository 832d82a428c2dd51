using Storage.Core.State;
using Storage.Core.Tree;
using Storage.Host.Disk;

namespace Storage.Host;

/// <summary>An opened data file: the tree, the device that its commits are written to, and what to dispose at the end (after the last reader left).</summary>
public sealed record StorageData(ITree Tree, IPageDevice Device, IAsyncDisposable? Owned)
{
    /// <summary>Name of the data file in its directory.</summary>
    public const string FileName = "data.tree";

    /// <summary>The state, when it was rebuilt from the tree already; nothing has changed since.</summary>
    public StateMachine? Rebuilt { get; init; }

    /// <summary>Makes an empty data file that can take the place of this one; null: this one cannot be replaced.</summary>
    public Func<IIncomingData>? CreateIncoming { get; init; }

    /// <summary>Counts who reads the file at this moment; null: nobody knows.</summary>
    public Func<int>? CountReaders { get; init; }

    /// <summary>Makes the next start look for damage in the whole file, not only where it reads; null: there is no file.</summary>
    public Action<string>? NoteSuspicion { get; init; }

    /// <summary>Where a damaged file in the place of this one is kept, when there was one; null: there is none.</summary>
    public string? KeptDamagedFile { get; init; }

    /// <summary>
    /// Opens the data file of a directory; makes both when they are not there. Removes what a replacement that was interrupted has left behind.
    /// </summary>
    public static StorageData Open(string directory)
    {
        Directory.CreateDirectory(directory);
        var opened = OpenedFile.Open(directory, FileName);
        // Only now: another process that has the file open may be about to replace it.
        File.Delete(IncomingFile.PathIn(directory));
        return opened;
    }
}

/// <summary>A data file in the making beside the one in use. Disposing throws it away unless it was put in place.</summary>
public interface IIncomingData : IAsyncDisposable
{
    /// <summary>The file: empty at first.</summary>
    StorageData Data { get; }

    /// <summary>
    /// Gives the file the name of the one in use, in one step that a crash leaves undone or done. Everything in it must be committed. From here on
    /// the caller owns <see cref="Data"/>.
    /// </summary>
    void PutInPlace();
}
