using System.Buffers;
using System.IO.Pipelines;
using ApiGateway.Core.Errors;
using Grpc.Core;

namespace ApiGateway.Host.Calls;

/// <summary>
/// The messages of a gRPC call as they lie in its body, as many as have arrived before anything waits. gRPC's own reader takes one message at a time, through several tasks and into
/// an array of its own, which costs more than a short request is worth. One reader.
/// </summary>
/// <param name="body">The call's body, which nobody else reads.</param>
/// <param name="maxBytes">Longer messages are refused.</param>
internal sealed class MessageFrames(PipeReader body, int maxBytes)
{
    private ReadOnlySequence<byte> _unread;

    // Something was read of which the body has not been told yet how far it was used.
    private bool _isHeld;

    /// <summary>Waits until a whole message is there; false when the client has sent its last one. The message taken before is gone then.</summary>
    /// <exception cref="RpcException">It is too long, or ends in the middle, or is compressed without a word on how.</exception>
    public async ValueTask<bool> WaitAsync(CancellationToken ending)
    {
        while (!HasMessage(out _))
        {
            if (_isHeld)
                body.AdvanceTo(_unread.Start, _unread.End);
            _isHeld = false;
            var read = await body.ReadAsync(ending).ConfigureAwait(false);
            (_unread, _isHeld) = (read.Buffer, true);
            if (HasMessage(out _))
                break;
            if (read.IsCanceled)
                throw new OperationCanceledException(ending);
            if (!read.IsCompleted)
                continue;
            return _unread.IsEmpty ? false : throw Failed(StatusCode.Internal, "Incomplete message.");
        }
        return true;
    }

    /// <summary>Takes the next message if it is there; valid until the next <see cref="WaitAsync"/>.</summary>
    /// <exception cref="RpcException">As of <see cref="WaitAsync"/>.</exception>
    public bool TryTake(out ReadOnlySequence<byte> message)
    {
        message = default;
        if (!HasMessage(out var length))
            return false;
        message = _unread.Slice(MessageFrame.PrefixBytes, length);
        _unread = _unread.Slice(MessageFrame.PrefixBytes + length);
        return true;
    }

    private bool HasMessage(out int length)
    {
        length = 0;
        if (_unread.Length < MessageFrame.PrefixBytes)
            return false;
        var (isCompressed, messageBytes) = MessageFrame.Read(
            _unread.FirstSpan is { Length: >= MessageFrame.PrefixBytes } first ? first : _unread.Slice(0, MessageFrame.PrefixBytes).ToArray());
        if (isCompressed)
            throw Failed(StatusCode.Internal, "Request did not include grpc-encoding value with compressed message.");
        if (messageBytes > maxBytes)
        {
            var status = EtcdErrors.MessageTooLarge((int)Math.Min(messageBytes, int.MaxValue), maxBytes);
            throw Failed((StatusCode)status.Code, status.Message);
        }
        length = (int)messageBytes;
        return _unread.Length >= MessageFrame.PrefixBytes + length;
    }

    private static RpcException Failed(StatusCode code, string message) => new(new Status(code, message), message);
}
