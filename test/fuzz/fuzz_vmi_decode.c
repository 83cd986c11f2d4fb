// Any JSON as a VirtualMachine: it is refused, or it decodes, and then all that follows holds: validation ends, defaults settle, the
// encoded form decodes to the same.
#include "fuzz.h"

#include "api/kinds/defaults.h"
#include "api/rules/repairs.h"
#include "api/rules/validate.h"

static void
check_settled(struct vm *vm, struct arena *a)
{
    const struct default_options options = {.name = "n"};

    vmi_spec_default(&vm->spec.template.spec, a, &options);
    json_t *once = json_in_arena(a, api_encode(&vm_type, vm));
    vmi_spec_default(&vm->spec.template.spec, a, &options);
    BUG_ON(!json_equal(once, json_in_arena(a, api_encode(&vm_type, vm))));
}

static void
check_round_trip(const struct vm *vm, struct arena *a)
{
    json_t *once = json_in_arena(a, api_encode(&vm_type, vm));
    struct vm again;
    AUTO(err_freep) struct err *e = api_decode(&vm_type, once, a, &again);

    BUG_ON(e);
    BUG_ON(!json_equal(once, json_in_arena(a, api_encode(&vm_type, &again))));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(1 << 24);
    json_t *j = NULL;
    struct vm vm;
    struct change_list changes;
    AUTO(err_freep) struct err *e = json_parse(data ? (const char *)data : "", size, 1 << 16, &j);

    if (!e) {
        json_in_arena(a, j);
        api_diff(&vm_type, j, NULL, a, &changes);
        api_diff(&vm_type, j, j, a, &changes);
        BUG_ON(changes.n != 0);
        e = api_decode(&vm_type, j, a, &vm);
    }
    if (!e) {
        check_round_trip(&vm, a);
        vm_spec_repairs(&vm.spec, a);
        e = vm_spec_validate(&vm.spec, a);
    }
    if (!e) {
        check_settled(&vm, a);
    }
    arena_free(a);
    return 0;
}
