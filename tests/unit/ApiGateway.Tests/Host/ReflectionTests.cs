using ApiGateway.Tests.Fakes;
using Google.Protobuf.Reflection;
using Alpha = Grpc.Reflection.V1Alpha;
using V1 = Grpc.Reflection.V1;

namespace ApiGateway.Tests.Host;

/// <summary>Goal: tools that know no definitions learn them from the server. Method: both versions of the service, as grpcurl asks them.</summary>
public sealed class ReflectionTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    private static readonly string[] s_services =
    [
        "etcdserverpb.Auth", "etcdserverpb.Cluster", "etcdserverpb.KV", "etcdserverpb.Lease", "etcdserverpb.Maintenance", "etcdserverpb.Watch", "v3electionpb.Election",
        "v3lockpb.Lock",
    ];

    [Fact]
    public async Task Services_AreListed()
    {
        using var call = new V1.ServerReflection.ServerReflectionClient(gateway.Grpc).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(new V1.ServerReflectionRequest { ListServices = "" });
        Assert.True(await call.ResponseStream.MoveNext(default));
        Assert.Equal(s_services, call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name).Order());
    }

    [Fact]
    public async Task Services_AreListedToOlderTools()
    {
        using var call = new Alpha.ServerReflection.ServerReflectionClient(gateway.Grpc).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(new Alpha.ServerReflectionRequest { ListServices = "" });
        Assert.True(await call.ResponseStream.MoveNext(default));
        Assert.Equal(s_services, call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name).Order());
    }

    [Fact]
    public async Task Symbol_BringsItsFileAndWhatThatNeeds()
    {
        using var call = new V1.ServerReflection.ServerReflectionClient(gateway.Grpc).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(new V1.ServerReflectionRequest { FileContainingSymbol = "v3lockpb.Lock" });
        Assert.True(await call.ResponseStream.MoveNext(default));
        var files = call.ResponseStream.Current.FileDescriptorResponse.FileDescriptorProto.Select(FileDescriptorProto.Parser.ParseFrom).ToList();
        Assert.Equal(["auth.proto", "kv.proto", "rpc.proto", "v3lock.proto"], files.Select(file => file.Name).Order());
    }
}
