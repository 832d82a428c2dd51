using ApiGateway.Core.Errors;
using Google.Protobuf;

namespace ApiGateway.Host.Calls;

/// <summary>Generated messages, for the calls that are too rare to be worth reading in place.</summary>
internal static class ProtoBody
{
    /// <summary>Decodes a request.</summary>
    public static T Parse<T>(MessageParser<T> parser, byte[] request)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(request);
        }
        catch (InvalidProtocolBufferException)
        {
            throw new RequestFailedException(EtcdError.Undecodable);
        }
    }
}
