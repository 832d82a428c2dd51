using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.Apply;
using Storage.Core.V2;

namespace Storage.Tests.V2;

/// <summary>Goal: what is done to the tree counts as etcd counts it. Method: outcomes handed to the tally; what each means was read off etcd 3.4.</summary>
public sealed class V2CountTests
{
    private readonly V2Tally _tally = new();

    [Fact]
    public void Wrote_EachOperation_CountsByOutcome()
    {
        foreach (var operation in Enum.GetValues<V2Write.Types.Operation>())
        {
            _tally.Wrote(operation, Reply.Ok);
            _tally.Wrote(operation, Refused(V2Error.KeyNotFound));
            _tally.Wrote(operation, Refused(V2Error.KeyNotFound));
        }
        Assert.Equal(
            new V2Counts
            {
                SetsSuccess = 1, SetsFail = 2, CreateSuccess = 2, CreateFail = 4, UpdateSuccess = 1, UpdateFail = 2, DeleteSuccess = 1, DeleteFail = 2,
                CompareAndSwapSuccess = 1, CompareAndSwapFail = 2, CompareAndDeleteSuccess = 1, CompareAndDeleteFail = 2,
            },
            _tally.Sum());
    }

    [Theory]
    [InlineData(V2Write.Types.Operation.CompareAndDelete, V2Error.CompareFailed, true)]
    [InlineData(V2Write.Types.Operation.CompareAndDelete, V2Error.NotAFile, true)]
    [InlineData(V2Write.Types.Operation.CompareAndDelete, V2Error.KeyNotFound, false)]
    [InlineData(V2Write.Types.Operation.CompareAndSwap, V2Error.RootIsReadOnly, true)]
    [InlineData(V2Write.Types.Operation.CompareAndSwap, V2Error.CompareFailed, false)]
    [InlineData(V2Write.Types.Operation.Delete, V2Error.RootIsReadOnly, true)]
    [InlineData(V2Write.Types.Operation.Update, V2Error.RootIsReadOnly, true)]
    [InlineData(V2Write.Types.Operation.Update, V2Error.NotAFile, true)]
    [InlineData(V2Write.Types.Operation.Delete, V2Error.NotAFile, false)]
    [InlineData(V2Write.Types.Operation.Set, V2Error.RootIsReadOnly, false)]
    public void Wrote_Refused_CountsAsEtcdDoes(V2Write.Types.Operation operation, int error, bool isSuccess)
    {
        _tally.Wrote(operation, Refused(error));
        var sum = _tally.Sum();
        var successes = sum.CompareAndDeleteSuccess + sum.CompareAndSwapSuccess + sum.DeleteSuccess + sum.UpdateSuccess + sum.SetsSuccess;
        var failures = sum.CompareAndDeleteFail + sum.CompareAndSwapFail + sum.DeleteFail + sum.UpdateFail + sum.SetsFail;
        Assert.Equal((isSuccess ? 1 : 0, isSuccess ? 0 : 1), (successes, failures));
    }

    [Fact]
    public void Wrote_CreateBelowAFile_IsAFailedSetToo()
    {
        _tally.Wrote(V2Write.Types.Operation.CreateInOrder, Refused(V2Error.NotADirectory));
        Assert.Equal(new V2Counts { CreateFail = 1, SetsFail = 1 }, _tally.Sum());
    }

    [Fact]
    public void ReadsAndExpiries_Count()
    {
        _tally.Read(found: true);
        _tally.Read(found: false);
        _tally.Read(found: false);
        _tally.Expired(3);
        Assert.Equal(new V2Counts { GetsSuccess = 1, GetsFail = 2, ExpireCount = 3 }, _tally.Sum());
    }

    private static Reply Refused(int code) => new(StorageError.V2, default, code);
}
