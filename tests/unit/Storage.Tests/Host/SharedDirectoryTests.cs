using Storage.Host;
using Storage.Tests.Harness;

namespace Storage.Tests.Host;

/// <summary>
/// Goal: replicas that share a directory never share a file, and a place keeps its name and its data. Method: data files opened for real, several times in one process,
/// which the lock forbids as it does between processes.
/// </summary>
public sealed class SharedDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Take_PlacesTaken_GetsTheNextAndLaterTheOneThatBecameFree()
    {
        var first = Take(3);
        var second = Take(3);
        var third = Take(3);
        Assert.Equal(["storage", "storage-1", "storage-2"], [first.ReplicaName, second.ReplicaName, third.ReplicaName]);
        var refused = Assert.Throws<IOException>(() => Take(3));
        Assert.Contains("all 3 places", refused.Message, StringComparison.Ordinal);

        await second.Data.Owned!.DisposeAsync();
        var again = Take(3);
        Assert.Equal("storage-1", again.ReplicaName);
        foreach (var data in new[] { first, third, again })
            await data.Data.Owned!.DisposeAsync();
    }

    [Fact]
    public async Task Take_OnlyOnePlace_SaysThatItIsInUse()
    {
        var first = Take(1);
        var refused = Assert.Throws<IOException>(() => Take(1));
        Assert.Contains(StorageData.FileName, refused.Message, StringComparison.Ordinal);
        await first.Data.Owned!.DisposeAsync();
    }

    [Fact]
    public async Task Take_NeighbourInstallsASnapshot_LeavesItsFileAlone()
    {
        var first = Take(2);
        await using var incoming = first.Data.CreateIncoming!();
        var second = Take(2);
        Assert.Equal("storage-1", second.ReplicaName);
        incoming.PutInPlace();
        await second.Data.Owned!.DisposeAsync();
        await first.Data.Owned!.DisposeAsync();
        await incoming.Data.Owned!.DisposeAsync();
    }

    private (StorageData Data, string ReplicaName) Take(int places) => SharedDirectory.Take(
        _directory.Path, "storage", places, static (directory, name) => (StorageData.Open(directory), name));
}
