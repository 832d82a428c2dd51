using EtcdApi.Wire;
using Storage.Contracts;
using Storage.Contracts.Auth;
using Storage.Core.Apply;
using Storage.Core.Leases;
using Storage.Core.Mvcc;
using Storage.Core.Ordered;
using Storage.Core.Reads;

namespace Storage.Core.Auth;

/// <summary>What one caller may do in one state, request by request, as etcd decides it.</summary>
/// <param name="auth">Users and roles.</param>
/// <param name="attached">Keys by lease, see <see cref="LeasesView.Attached"/>.</param>
/// <param name="caller">Who asks.</param>
internal readonly struct AccessCheck(AuthState auth, CowMapView<byte[]> attached, Caller caller)
{
    /// <summary>Nothing is asked of this caller, or nobody has to log in.</summary>
    public bool IsFree => !auth.IsEnabled || caller.Kind == CallerKind.Internal;

    /// <summary>A question without anything to be done.</summary>
    public StorageError Check(AccessRequest request)
    {
        var error = auth.Identify(caller, out _);
        if (error != StorageError.None)
            return error;
        return request.Kind switch
        {
            AccessKind.User => StorageError.None,
            AccessKind.Admin => Admin(),
            AccessKind.Ranges => Ranges(request),
            AccessKind.Lease => LeaseKeys(request.Lease, request.IsWrite),
            AccessKind.AllLeases => AllLeases(request.IsWrite),
            _ => StorageError.Malformed,
        };
    }

    /// <summary>A command as it is applied.</summary>
    public StorageError Check(CommandKind kind, ReadOnlySpan<byte> payload) => kind switch
    {
        CommandKind.Put => Put(payload),
        CommandKind.DeleteRange => DeleteRange(payload),
        CommandKind.Txn => Txn(payload),
        CommandKind.LeaseGrant => auth.Identify(caller, out _),
        CommandKind.LeaseRevoke => Revoke(payload),
        CommandKind.UserGet => OwnOrAdmin(payload, static (user, name) => user.Name == name),
        CommandKind.RoleGet => OwnOrAdmin(payload, static (user, name) => user.Roles.Contains(name)),
        // v2 has users of its own.
        CommandKind.V2Write => StorageError.None,
        _ => Admin(),
    };

    public StorageError Range(in KeyRange range) => auth.CheckKeys(caller, range, write: false);

    /// <summary>Both branches, whichever is taken, and all that is nested in them.</summary>
    public StorageError Txn(ReadOnlySpan<byte> txn, int depth = 0)
    {
        if (depth > TxnOps.MaxDepth)
            return StorageError.Malformed;
        var reader = new ProtoReader(txn);
        while (reader.Next())
        {
            if (reader.Field != 1)
                continue;
            if (!TxnCompare.TryReadRange(reader.Bytes, out var range))
                return StorageError.Malformed;
            if (Range(range) is not StorageError.None and var error)
                return error;
        }
        if (reader.Malformed)
            return StorageError.Malformed;
        foreach (var branch in (ReadOnlySpan<bool>)[true, false])
        {
            var ops = new TxnOps(txn, branch);
            while (ops.MoveNext())
            {
                if (Operation(ops.Kind, ops.Request, depth) is not StorageError.None and var error)
                    return error;
            }
        }
        return StorageError.None;
    }

    private StorageError Operation(int kind, ReadOnlySpan<byte> request, int depth) => kind switch
    {
        TxnOps.Range => RangeQuery.TryParse(request, out var query) ? Range(query.Range) : StorageError.Malformed,
        TxnOps.Put => Put(request),
        TxnOps.DeleteRange => DeleteRange(request),
        TxnOps.Txn => Txn(request, depth + 1),
        _ => StorageError.None,
    };

    private StorageError Admin() => auth.CheckAdmin(caller);

    private StorageError Put(ReadOnlySpan<byte> request)
    {
        if (!PutCommand.TryParse(request, out var put))
            return StorageError.Malformed;
        var key = new KeyRange(put.Key, default);
        var error = auth.CheckKeys(caller, key, write: true);
        // Whoever owns the lease can end it, and so delete everything that is attached to it.
        if (error == StorageError.None && put.Lease != 0)
            error = LeaseKeys(put.Lease, write: true);
        return error == StorageError.None && put.WantsPrevious ? Range(key) : error;
    }

    private StorageError DeleteRange(ReadOnlySpan<byte> request)
    {
        if (!DeleteRangeCommand.TryParse(request, out var delete))
            return StorageError.Malformed;
        var error = auth.CheckKeys(caller, delete.Range, write: true);
        return error == StorageError.None && delete.WantsPrevious ? Range(delete.Range) : error;
    }

    private StorageError Revoke(ReadOnlySpan<byte> request)
    {
        var error = auth.Identify(caller, out _);
        if (error != StorageError.None)
            return error;
        return LeaseCommands.TryReadRevoke(request, out var id) ? LeaseKeys(id, write: true) : StorageError.Malformed;
    }

    private StorageError LeaseKeys(long id, bool write)
    {
        // Whatever is attached: an administrator may, and a lease may have many keys.
        if (Admin() == StorageError.None)
            return StorageError.None;
        foreach (var key in LeasesView.Keys(attached, id))
        {
            if (auth.CheckKeys(caller, new KeyRange(key, default), write) is not StorageError.None and var error)
                return error;
        }
        return StorageError.None;
    }

    private StorageError AllLeases(bool write)
    {
        if (Admin() == StorageError.None)
            return StorageError.None;
        var cursor = attached.Seek(default);
        while (cursor.MoveNext())
        {
            if (auth.CheckKeys(caller, new KeyRange(cursor.Value, default), write) is not StorageError.None and var error)
                return error;
        }
        return StorageError.None;
    }

    private StorageError Ranges(AccessRequest request)
    {
        foreach (var (key, rangeEnd) in request.Ranges)
        {
            if (auth.CheckKeys(caller, new KeyRange(key.Span, rangeEnd.Span), request.IsWrite) is not StorageError.None and var error)
                return error;
        }
        return StorageError.None;
    }

    // Everybody may look at himself, and at the roles he has.
    private StorageError OwnOrAdmin(ReadOnlySpan<byte> request, Func<AuthUser, string, bool> isOwn)
    {
        var error = auth.Identify(caller, out var user);
        if (error != StorageError.None || user is null || user.IsAdministrator)
            return error;
        return AuthCommands.TryReadName(request, out var name) && isOwn(user, name) ? StorageError.None : StorageError.PermissionDenied;
    }
}
