using Storage.Contracts;
using Storage.Host;

namespace Storage.Tests.Host;

/// <summary>The contract in process.</summary>
public sealed class InProcessStorageTests : StorageContractTests
{
    protected override ValueTask<IStorage> BindAsync(StorageService service) => ValueTask.FromResult<IStorage>(service);

    protected override ValueTask UnbindAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Range_AlreadyApplied_CompletesSynchronously()
    {
        var read = Storage.RangeAsync(new byte[] { 0x0a, 1, (byte)'a' }, default, default, default);
        Assert.True(read.IsCompletedSuccessfully);
        await read;
    }
}
