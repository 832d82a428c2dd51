using Storage.Contracts;

namespace Storage.Client;

/// <summary>Between the contract's counts of the v2 tree and the wire's.</summary>
internal static class V2CountsFormat
{
    public static Wire.V2Counts ToWire(V2Counts counts) => new()
    {
        GetsSuccess = counts.GetsSuccess,
        GetsFail = counts.GetsFail,
        SetsSuccess = counts.SetsSuccess,
        SetsFail = counts.SetsFail,
        DeleteSuccess = counts.DeleteSuccess,
        DeleteFail = counts.DeleteFail,
        UpdateSuccess = counts.UpdateSuccess,
        UpdateFail = counts.UpdateFail,
        CreateSuccess = counts.CreateSuccess,
        CreateFail = counts.CreateFail,
        CompareAndSwapSuccess = counts.CompareAndSwapSuccess,
        CompareAndSwapFail = counts.CompareAndSwapFail,
        CompareAndDeleteSuccess = counts.CompareAndDeleteSuccess,
        CompareAndDeleteFail = counts.CompareAndDeleteFail,
        ExpireCount = counts.ExpireCount,
    };

    public static V2Counts FromWire(Wire.V2Counts? wire) => wire is null ? new V2Counts() : new V2Counts
    {
        GetsSuccess = wire.GetsSuccess,
        GetsFail = wire.GetsFail,
        SetsSuccess = wire.SetsSuccess,
        SetsFail = wire.SetsFail,
        DeleteSuccess = wire.DeleteSuccess,
        DeleteFail = wire.DeleteFail,
        UpdateSuccess = wire.UpdateSuccess,
        UpdateFail = wire.UpdateFail,
        CreateSuccess = wire.CreateSuccess,
        CreateFail = wire.CreateFail,
        CompareAndSwapSuccess = wire.CompareAndSwapSuccess,
        CompareAndSwapFail = wire.CompareAndSwapFail,
        CompareAndDeleteSuccess = wire.CompareAndDeleteSuccess,
        CompareAndDeleteFail = wire.CompareAndDeleteFail,
        ExpireCount = wire.ExpireCount,
    };
}
