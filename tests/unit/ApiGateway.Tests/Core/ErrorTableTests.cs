using ApiGateway.Core.Errors;
using Storage.Contracts;

namespace ApiGateway.Tests.Core;

/// <summary>Code and text of errors are part of the wire contract.</summary>
public sealed class ErrorTableTests
{
    [Theory]
    [InlineData(EtcdError.EmptyKey, 3, "etcdserver: key is not provided")]
    [InlineData(EtcdError.KeyNotFound, 3, "etcdserver: key not found")]
    [InlineData(EtcdError.DuplicateKey, 3, "etcdserver: duplicate key given in txn request")]
    [InlineData(EtcdError.Compacted, 11, "etcdserver: mvcc: required revision has been compacted")]
    [InlineData(EtcdError.FutureRevision, 11, "etcdserver: mvcc: required revision is a future revision")]
    [InlineData(EtcdError.NoSpace, 8, "etcdserver: mvcc: database space exceeded")]
    [InlineData(EtcdError.LeaseNotFound, 5, "etcdserver: requested lease not found")]
    [InlineData(EtcdError.LeaseExists, 9, "etcdserver: lease already exists")]
    [InlineData(EtcdError.RequestTooLarge, 3, "etcdserver: request is too large")]
    [InlineData(EtcdError.Timeout, 14, "etcdserver: request timed out")]
    [InlineData(EtcdError.WriteDeadline, 4, "context deadline exceeded")]
    [InlineData(EtcdError.Corrupt, 15, "etcdserver: corrupt cluster")]
    public void Status_KnownError_EtcdsCodeAndText(EtcdError error, int code, string text) =>
        Assert.Equal(new RpcStatus((RpcCode)code, text), EtcdErrors.Status(error));

    [Fact]
    public void Status_EveryError_IsInTheTable() => Assert.All(Enum.GetValues<EtcdError>(), error => EtcdErrors.Status(error));

    [Fact]
    public void Of_EveryStorageError_IsAnError() => Assert.All(
        Enum.GetValues<StorageError>().Where(error => error != StorageError.None),
        error => Assert.NotEqual(EtcdError.None, EtcdErrors.Of(error)));

    [Theory]
    [InlineData("/etcdserverpb.KV/Nope", "unknown method Nope for service etcdserverpb.KV")]
    [InlineData("/foo.Bar/Baz", "unknown service foo.Bar")]
    [InlineData("/x", "malformed method name: \"/x\"")]
    public void Unimplemented_Path_GrpcGosText(string path, string text) =>
        Assert.Equal(text, EtcdErrors.Unimplemented(path, service => service == "etcdserverpb.KV").Message);
}
