// Images read back with libarchive, and the files that disks are made of.
#include "effect/cloud_init.h"
#include "effect/credentials.h"
#include "effect/disk_file.h"
#include "effect/disk_lock.h"
#include "effect/disks.h"
#include "effect/files.h"
#include "effect/iso_folder.h"
#include "effect/volume_files.h"

#include <archive.h>
#include <archive_entry.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/disks.XXXXXX";

static const char *
in_dir(const char *name, char *buf, size_t size)
{
    int n = snprintf(buf, size, "%s/%.300s", dir, name);

    BUG_ON(n <= 0 || (size_t)n >= size);
    return buf;
}

static void
put(const char *name, const char *text)
{
    char path[512];
    struct err *e = file_write(in_dir(name, path, sizeof(path)), text, strlen(text));

    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
}

/* "name=content;" of each file in the image, in the order of names as it lists them. */
static char *
image_text(const char *path)
{
    struct archive *a = archive_read_new();
    struct archive_entry *entry;
    struct strbuf out = STRBUF_INIT(100000);
    char block[4096];

    ck_assert_int_eq(archive_read_support_format_iso9660(a), ARCHIVE_OK);
    ck_assert_int_eq(archive_read_open_filename(a, path, 10240), ARCHIVE_OK);
    while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
        if (archive_entry_filetype(entry) != AE_IFREG) {
            continue;
        }
        strbuf_addf(&out, "%s=", archive_entry_pathname(entry));
        la_ssize_t n = archive_read_data(a, block, sizeof(block));
        strbuf_add(&out, block, n > 0 ? (size_t)n : 0);
        strbuf_addc(&out, ';');
    }
    (void)archive_read_free(a);
    return strbuf_steal(&out);
}

static struct local_ref secret = {.name = "s"};

static const struct {
    const char *name;
    struct volume_cloud_init c;
    const char *file, *text; /* of the mounted secret */
    const char *want[3];     /* parts of the image's text */
    const char *want_error;
} rows[] = {
    {"inline",
     {.user_data = "#cloud-config\n"},
     NULL,
     NULL,
     {"user-data=#cloud-config\n;", "\"instance-id\":\"vm1.default\"", "\"local-hostname\":\"host1\""},
     NULL},
    {"base64", {.user_data_base64 = "I2Nsb3VkLWNvbmZpZwo="}, NULL, NULL, {"user-data=#cloud-config\n;"}, NULL},
    {"base64 in lines", {.user_data_base64 = "I2Nsb3Vk\nLWNvbmZp\r\nZwo="}, NULL, NULL, {"user-data=#cloud-config\n;"}, NULL},
    {"no base64", {.user_data_base64 = "I2N*"}, NULL, NULL, {NULL}, "userDataBase64: is no base64"},
    {"network", {.user_data = "a", .network_data = "version: 2"}, NULL, NULL, {"network-config=version: 2;"}, NULL},
    {"a secret", {.secret_ref = &secret}, "secrets/v/user/userdata", "from secret", {"user-data=from secret;"}, NULL},
    {"a secret's other key", {.secret_ref = &secret}, "secrets/v/user/user-data", "other", {"user-data=other;"}, NULL},
    {"a secret without the key", {.secret_ref = &secret}, NULL, NULL, {NULL}, "secret s has no key userdata or user-data"},
    {"a network secret",
     {.user_data = "a", .network_data_secret_ref = &secret},
     "secrets/v/network/networkdata",
     "version: 1",
     {"network-config=version: 1;"},
     NULL},
};

START_TEST(image_holds_what_was_given)
{
    struct volume_cloud_init c = rows[_i].c;
    const struct volume vol = {.name = "v", .cloud_init_no_cloud = &c};
    const struct instance i = {.name = "vm1", .namespace = "default", .hostname = "host1"};
    char iso[512], secrets[512], file[512];

    if (rows[_i].file) {
        put(rows[_i].file, rows[_i].text);
    }
    struct err *e = cloud_init_write(&i, &vol, in_dir("secrets", secrets, sizeof(secrets)), dir,
                                     in_dir("out.iso", iso, sizeof(iso)));
    if (rows[_i].file) {
        ck_assert_int_eq(unlink(in_dir(rows[_i].file, file, sizeof(file))), 0);
    }
    if (rows[_i].want_error) {
        ck_assert_msg(e && err_class(e) == ERR_INVALID && strstr(err_text(e), rows[_i].want_error), "%s: %s",
                      rows[_i].name, e ? err_text(e) : "no error");
        err_free(e);
        return;
    }
    ck_assert_msg(!e, "%s: %s", rows[_i].name, e ? err_text(e) : "");
    AUTO(freep) char *text = image_text(iso);
    for (size_t k = 0; k < ARRAY_LEN(rows[_i].want) && rows[_i].want[k]; k++) {
        ck_assert_msg(strstr(text, rows[_i].want[k]) != NULL, "%s: %s", rows[_i].name, text);
    }
    ck_assert_msg(rows[_i].c.network_data || rows[_i].c.network_data_secret_ref || !strstr(text, "network-config"),
                  "%s: an empty network-config would be an error in the guest", rows[_i].name);
}
END_TEST

/* The label that a guest looks for stands there as it was asked for, small letters and all; what is behind it is blank. */
static void
check_label(const char *iso, const char *want)
{
    char block[32768 + 2048], padded[33];
    AUTO(fclosep) FILE *f = fopen(iso, "re");

    (void)snprintf(padded, sizeof(padded), "%-32s", want);
    ck_assert_uint_eq(fread(block, 1, sizeof(block), f), sizeof(block));
    ck_assert_msg(memcmp(block + 32768 + 40, padded, 32) == 0, "%.32s is not %s", block + 32768 + 40, want);
    ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
    ck_assert_int_eq(ftell(f) % 4096, 0); /* what direct I/O asks for */
}

START_TEST(label_is_cidata)
{
    struct volume_cloud_init c = {.user_data = "a"};
    const struct volume vol = {.name = "v", .cloud_init_no_cloud = &c};
    const struct instance i = {.name = "vm1", .namespace = "default"};
    char iso[512];

    ck_assert_ptr_null(cloud_init_write(&i, &vol, dir, dir, in_dir("label.iso", iso, sizeof(iso))));
    check_label(iso, "cidata");
}
END_TEST

/* Of two Secrets: the first goes by NoCloud, the second by config drive, the third by the agent. */
START_TEST(keys_go_to_the_disk_that_is_to_bring_them)
{
    static const char *const want[] = {"\"public-keys\":{\"0\":\"ssh-ed25519 AAAA one\",\"1\":\"ssh-rsa BBBB two\"}",
                                       "\"public_keys\":{\"0\":\"ssh-ed25519 CCCC\"}"};
    struct volume_cloud_init c = {.user_data = "a"};
    struct ssh_public_key ssh[] = {{.secret_name = "a", .no_cloud = true},
                                   {.secret_name = "b", .config_drive = true},
                                   {.secret_name = "c", .agent = &(struct agent_users){{0}}}};
    struct access_credential list[] = {{.ssh = &ssh[0]}, {.ssh = &ssh[1]}, {.ssh = &ssh[2]}};
    const struct instance i = {.name = "vm1", .namespace = "default", .spec = {.access_credentials = {list, 3}}};
    char iso[512], path[512], link[512];

    ck_assert_ptr_null(file_make_dirs(in_dir("0/..1", path, sizeof(path))));
    ck_assert_ptr_null(file_make_dirs(in_dir("1", path, sizeof(path))));
    ck_assert_ptr_null(file_make_dirs(in_dir("2/..1", path, sizeof(path))));
    put("0/key", "# mine\n\n  ssh-ed25519 AAAA one\r\nssh-rsa BBBB two\n");
    put("0/..1/key", "not this one");
    put("1/key", "ssh-ed25519 CCCC");
    in_dir("out.iso", iso, sizeof(iso));
    for (int k = 0; k < 2; k++) {
        const struct volume vol = {
            .name = "v", .cloud_init_no_cloud = k == 0 ? &c : NULL, .cloud_init_config_drive = k == 1 ? &c : NULL};
        struct err *e = cloud_init_write(&i, &vol, dir, dir, iso);
        ck_assert_msg(!e, "%s", e ? err_text(e) : "");
        AUTO(freep) char *text = image_text(iso);
        ck_assert_msg(strstr(text, want[k]) != NULL, "%s is not in %s", want[k], text);
    }
    const struct credentials mounted = {.list = &i.spec.access_credentials, .dir = dir};
    ck_assert_int_eq(symlink("..1", in_dir("2/..data", link, sizeof(link))), 0);
    AUTO(freep) char *before = credentials_version(&mounted);
    ck_assert_int_eq(unlink(link), 0);
    ck_assert_int_eq(symlink("..2", link), 0);
    AUTO(freep) char *after = credentials_version(&mounted);
    ck_assert_msg(before && after && strcmp(before, after) != 0, "a Secret that has changed is not seen");
    const struct access_credential_list seeds = {list, 2};
    AUTO(freep) char *none = credentials_version(&(struct credentials){.list = &seeds, .dir = dir});
    ck_assert_ptr_null(none); /* the agent has nothing to do with these */
}
END_TEST

START_TEST(a_config_drive_is_laid_out_as_openstack_does)
{
    struct volume_cloud_init c = {.user_data = "#cloud-config\n", .network_data_base64 = "e30="};
    const struct volume vol = {.name = "v", .cloud_init_config_drive = &c};
    const struct instance i = {.name = "vm1", .namespace = "default", .hostname = "host1", .system_uuid = "uuid-1"};
    char iso[512];

    ck_assert_ptr_null(cloud_init_write(&i, &vol, dir, dir, in_dir("drive.iso", iso, sizeof(iso))));
    check_label(iso, "config-2");
    AUTO(freep) char *text = image_text(iso);
    static const char *const want[] = {"openstack/latest/meta_data.json={",
                                       "\"instance_id\":\"vm1.default\"",
                                       ",\"hostname\":\"host1\"",
                                       "\"local_hostname\":\"host1\"",
                                       "\"uuid\":\"uuid-1\"",
                                       "openstack/latest/user_data=#cloud-config\n;",
                                       "openstack/latest/network_data.json={};"};
    for (size_t k = 0; k < ARRAY_LEN(want); k++) {
        ck_assert_msg(strstr(text, want[k]) != NULL, "%s is not in %s", want[k], text);
    }
    c = (struct volume_cloud_init){.user_data_base64 = "*"};
    struct err *e = cloud_init_write(&i, &vol, dir, dir, iso);
    ck_assert_msg(e && strstr(err_text(e), "spec.volumes[v].cloudInitConfigDrive: userDataBase64: is no base64"), "%s",
                  e ? err_text(e) : "no error");
    err_free(e);
}
END_TEST

static struct volume_object labelled = {.name = "n", .volume_label = "My Data-1"}, plain = {.name = "n"},
                            long_label = {.name = "n", .volume_label = "123456789012345678901234567890123"},
                            odd_label = {.name = "n", .volume_label = "a\nb"};
static struct volume_downward_api fields = {.volume_label = "fields"};
static struct volume_service_account account = {.name = "robot"};
static struct volume_sysprep answers = {.config_map = &secret};

/* Of a folder as the kubelet makes it. */
static const struct {
    const char *name;
    struct volume vol;
    const char *files[3]; /* below files/v */
    const char *label, *text;
    const char *want_error;
} folders[] = {
    {"a ConfigMap", {.config_map = &labelled}, {"a.conf", "B_2"}, "My Data-1", "B_2=B_2;a.conf=a.conf;", NULL},
    {"an optional one that is not there", {.config_map = &plain}, {NULL}, "cfgdata", "", NULL},
    {"a Secret", {.secret = &plain}, {"password"}, "cfgdata", "password=password;", NULL},
    {"the downward API, in a folder", {.downward_api = &fields}, {"pod/labels"}, "fields", "pod/labels=pod/labels;", NULL},
    {"a ServiceAccount", {.service_account = &account}, {"token"}, "cfgdata", "token=token;", NULL},
    {"sysprep", {.sysprep = &answers}, {"Autounattend.xml"}, "unattendCD", "Autounattend.xml=Autounattend.xml;", NULL},
    {"sysprep in small letters", {.sysprep = &answers}, {"unattend.xml"}, "unattendCD", "unattend.xml=unattend.xml;", NULL},
    {"sysprep of something else", {.sysprep = &answers}, {"a.xml"}, NULL, NULL, "spec.volumes[v].sysprep: has neither"},
    {"a label that is too long", {.secret = &long_label}, {"a"}, NULL, NULL, "volumeLabel: at most 32 signs"},
    {"a label of odd signs", {.config_map = &odd_label}, {"a"}, NULL, NULL, "configMap: volumeLabel: only printable"},
};

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at);

static void
put_mounted(const char *file)
{
    char path[512], link[512], name[512];

    (void)snprintf(name, sizeof(name), "files/v/..2026/%s", file);
    AUTO(freep) char *folder = xstrdup(in_dir(name, path, sizeof(path)));
    *strrchr(folder, '/') = '\0';
    ck_assert_ptr_null(file_make_dirs(folder));
    ck_assert_ptr_null(file_write(path, file, strlen(file)));
    (void)snprintf(name, sizeof(name), "files/v/%.*s", (int)strcspn(file, "/"), file);
    (void)snprintf(path, sizeof(path), "..data/%.*s", (int)strcspn(file, "/"), file);
    ck_assert_int_eq(symlink(path, in_dir(name, link, sizeof(link))), 0);
}

START_TEST(a_mounted_folder_becomes_a_disk)
{
    struct volume vol = folders[_i].vol;
    char mount[512], link[512], iso[512], files[512];

    vol.name = "v";
    (void)nftw(in_dir("files", files, sizeof(files)), remove_one, 8, FTW_DEPTH | FTW_PHYS); /* of a row before */
    ck_assert_ptr_null(file_make_dirs(in_dir("files/v/..2026", mount, sizeof(mount))));
    ck_assert_int_eq(symlink("..2026", in_dir("files/v/..data", link, sizeof(link))), 0);
    for (size_t k = 0; k < ARRAY_LEN(folders[_i].files) && folders[_i].files[k]; k++) {
        put_mounted(folders[_i].files[k]);
    }
    struct err *e = volume_files_write(&vol, files, in_dir("files.iso", iso, sizeof(iso)));
    if (folders[_i].want_error) {
        ck_assert_msg(e && err_class(e) == ERR_INVALID && strstr(err_text(e), folders[_i].want_error), "%s: %s",
                      folders[_i].name, e ? err_text(e) : "no error");
        err_free(e);
        return;
    }
    ck_assert_msg(!e, "%s: %s", folders[_i].name, e ? err_text(e) : "");
    check_label(iso, folders[_i].label);
    AUTO(freep) char *text = image_text(iso);
    ck_assert_msg(strcmp(text, folders[_i].text) == 0, "%s: %s", folders[_i].name, text);
}
END_TEST

START_TEST(what_a_disk_is_made_of_has_bounds)
{
    struct volume vol = {.name = "v", .config_map = &plain};
    char path[512], name[64], iso[512], files[512], folder[512];
    AUTO(freep) char *large = xcalloc(1, ISO_CONTENT_MAX / 2 + 1);

    memset(large, 'x', ISO_CONTENT_MAX / 2);
    (void)nftw(in_dir("files", files, sizeof(files)), remove_one, 8, FTW_DEPTH | FTW_PHYS); /* of a test before */
    ck_assert_ptr_null(file_make_dirs(in_dir("files/v", folder, sizeof(folder))));
    for (int i = 0; i < 3; i++) {
        (void)snprintf(name, sizeof(name), "files/v/%d", i);
        put(name, large);
    }
    struct err *e = volume_files_write(&vol, files, in_dir("files.iso", iso, sizeof(iso)));
    ck_assert_msg(e && err_class(e) == ERR_INVALID && strstr(err_text(e), "more than 2097152 bytes together"), "bytes");
    err_free(e);
    ck_assert_int_eq(unlink(in_dir("files/v/2", path, sizeof(path))), 0);
    ck_assert_ptr_null(volume_files_write(&vol, files, iso));
    ck_assert_int_eq(unlink(in_dir("files/v/1", path, sizeof(path))), 0);
    for (int i = 3; i < 3 + ISO_FILES_MAX; i++) {
        (void)snprintf(name, sizeof(name), "files/v/%d", i);
        put(name, "x");
    }
    e = volume_files_write(&vol, files, iso);
    ck_assert_msg(e && err_class(e) == ERR_INVALID && strstr(err_text(e), "more than 1024 files"), "files");
    err_free(e);
}
END_TEST

static const struct {
    const char *name, *file, *link_to, *wish, *want, *want_error;
} images[] = {
    {"the one file", "img1/disk/guest.img", NULL, NULL, "img1/disk/guest.img", NULL},
    {"by path", "img2/boot/a.qcow2", NULL, "/boot/a.qcow2", "img2/boot/a.qcow2", NULL},
    {"no folder", "img3/other", NULL, NULL, NULL, "no folder /disk"},
    {"a link that leads out", "img4/disk/guest.img", "/etc/passwd", NULL, NULL, "leads out of it"},
    {"a path that leads out", "img5/disk/guest.img", NULL, "../../etc/passwd", NULL, "no file ../../etc/passwd"},
    {"a link inside", "img6/disk/guest.img", "../real", NULL, "img6/real", NULL},
};

START_TEST(disk_of_an_image_is_found)
{
    struct arena *a = arena_new(10000);
    char path[512], mount[512], want[512];
    char *got = NULL;

    AUTO(freep) char *folder = xstrdup(in_dir(images[_i].file, path, sizeof(path)));
    *strrchr(folder, '/') = '\0';
    ck_assert_ptr_null(file_make_dirs(folder));
    if (images[_i].link_to) {
        char real[512];
        (void)snprintf(mount, sizeof(mount), "%.4s/real", images[_i].file);
        ck_assert_ptr_null(file_write(in_dir(mount, real, sizeof(real)), "x", 1));
        ck_assert_int_eq(symlink(images[_i].link_to, path), 0);
    } else {
        put(images[_i].file, "x");
    }
    (void)snprintf(want, sizeof(want), "%.4s", images[_i].file);
    struct err *e = disk_file_in_image(a, in_dir(want, mount, sizeof(mount)), images[_i].wish, &got);
    if (images[_i].want_error) {
        ck_assert_msg(e && strstr(err_text(e), images[_i].want_error), "%s: %s", images[_i].name, e ? err_text(e) : got);
        err_free(e);
    } else {
        ck_assert_msg(!e, "%s: %s", images[_i].name, e ? err_text(e) : "");
        ck_assert_str_eq(got, in_dir(images[_i].want, want, sizeof(want)));
    }
    arena_free(a);
}
END_TEST

static const struct {
    const char *name, *json, *want_error;
    int64_t want_size;
} infos[] = {
    {"plain", "{\"virtual-size\": 4096, \"format\": \"qcow2\", \"format-specific\": {\"data\": {\"compat\": \"1.1\"}}}",
     NULL, 4096},
    {"backed", "{\"virtual-size\": 4096, \"backing-filename\": \"/etc/passwd\"}", "rests on another file", 0},
    {"data elsewhere", "{\"virtual-size\": 1, \"format-specific\": {\"data\": {\"data-file\": \"/x\"}}}",
     "in another file", 0},
    {"empty", "{\"virtual-size\": 0}", "is empty", 0},
    {"no JSON", "oops", "description of the image", 0},
};

START_TEST(images_that_name_files_are_refused)
{
    int64_t size = 0;
    struct err *e = disk_file_read_info(infos[_i].json, &size);

    if (infos[_i].want_error) {
        ck_assert_msg(e && err_class(e) == ERR_INVALID && strstr(err_text(e), infos[_i].want_error), "%s",
                      infos[_i].name);
    } else {
        ck_assert_msg(!e && size == infos[_i].want_size, "%s", infos[_i].name);
    }
    err_free(e);
}
END_TEST

START_TEST(files_are_made_once_and_measured)
{
    char path[512], link[512];
    const char *format = NULL;
    int64_t size = 0, logical = 0, physical = 0;
    bool is_preallocated = true;

    in_dir("empty.img", path, sizeof(path));
    ck_assert_ptr_null(disk_file_make(path, 1 << 20));
    ck_assert_ptr_null(disk_file_make(path, 2 << 20)); /* stays as it is */
    ck_assert_ptr_null(disk_file_size(path, false, &size, &is_preallocated));
    ck_assert_int_eq(size, 1 << 20);
    ck_assert(!is_preallocated);
    ck_assert_ptr_null(disk_file_block_size(path, false, &logical, &physical));
    ck_assert(logical >= 512 && logical <= 4096 && (logical & (logical - 1)) == 0);
    ck_assert(physical >= logical && (physical & (physical - 1)) == 0);
    ck_assert_ptr_null(disk_file_format(path, &format));
    ck_assert_str_eq(format, "raw");
    put("magic.img", "QFI\xfb and more");
    ck_assert_ptr_null(disk_file_format(in_dir("magic.img", path, sizeof(path)), &format));
    ck_assert_str_eq(format, "qcow2");
    ck_assert_int_eq(symlink(path, in_dir("link.img", link, sizeof(link))), 0);
    struct err *e = disk_file_size(link, false, &size, &is_preallocated);
    ck_assert_msg(e && strstr(err_text(e), "symbolic link"), "a link is followed");
    err_free(e);
}
END_TEST

#define MIB (INT64_C(1) << 20)

static const struct {
    const char *name;
    int64_t free_bytes, capacity, want;
} rooms[] = {
    {"of a claim of unknown size all that is free is taken", 1000 * MIB, 0, 945 * MIB},
    {"a claim smaller than what is free sets the size", INT64_C(50) << 30, 64 * MIB, 60 * MIB},
    {"what is free sets the size when the claim has less of it left", 32 * MIB, 64 * MIB, 30 * MIB},
    {"both the same", 1000 * MIB, 1000 * MIB, 945 * MIB},
    {"the largest numbers", INT64_MAX, INT64_MAX, INT64_C(8312307905986) * MIB},
    {"the largest claim on a small disk", 1000 * MIB, INT64_MAX, 945 * MIB},
    {"the smallest", 2 * MIB, 0, MIB},
    {"less than a MiB is no disk", INT64_C(1) << 40, MIB, 0},
    {"a byte", INT64_C(1) << 40, 1, 0},
    {"nothing is free", 0, 64 * MIB, 0},
    {"nothing at all", 0, 0, 0},
};

START_TEST(a_new_disk_stays_within_claim_and_free_space)
{
    int64_t got = disk_file_room(rooms[_i].free_bytes, rooms[_i].capacity);

    ck_assert_msg(got == rooms[_i].want, "%s: %lld bytes, not %lld", rooms[_i].name, (long long)got,
                  (long long)rooms[_i].want);
}
END_TEST

START_TEST(an_empty_claim_gets_a_disk_of_its_size)
{
    char path[512];
    int64_t size = 0;
    bool is_preallocated = true;

    in_dir("disk.img", path, sizeof(path));
    struct err *e = disk_file_fill(path, dir, 1000);
    ck_assert_msg(e && err_class(e) == ERR_INVALID && strstr(err_text(e), "1000 bytes"), "a disk in 1000 bytes");
    err_free(e);
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_ptr_null(disk_file_fill(path, dir, 2 * MIB));
    ck_assert_ptr_null(disk_file_fill(path, dir, 64 * MIB)); /* stays as it is */
    ck_assert_ptr_null(disk_file_fill(path, dir, 1000));
    ck_assert_ptr_null(disk_file_size(path, false, &size, &is_preallocated));
    ck_assert_int_eq(size, MIB);
    ck_assert(!is_preallocated);
}
END_TEST

static struct disks_result end;

static void
disks_are_kept(void *arg, struct disks_result r)
{
    (void)arg;
    end = r;
}

static struct volume_host_disk there = {.path = "/srv/disks/there.img", .type = "Disk"},
                               gone = {.path = "/srv/disks/gone.img", .type = "Disk"},
                               made = {.path = "/srv/disks/made.img",
                                       .type = "DiskOrCreate",
                                       .capacity = {.text = "1Mi", .value = 1 << 20}},
                               no_size = {.path = "/srv/disks/none.img", .type = "DiskOrCreate"},
                               too_large = {.path = "/srv/disks/large.img",
                                            .type = "DiskOrCreate",
                                            .capacity = {.text = "8Ei", .value = INT64_MAX}},
                               a_link = {.path = "/srv/disks/link.img", .type = "Disk"};
static const struct {
    const char *name;
    struct volume_host_disk *disk;
    const char *file; /* of the folder, as it is mounted */
    int64_t want_size;
    const char *want_error;
} host_disks[] = {
    {"a file that is there", &there, "host/there.img", 1, NULL},
    {"a file that is not there", &gone, NULL, 0, "hostDisk.path /srv/disks/gone.img: user"},
    {"one that is made", &made, NULL, 1 << 20, NULL},
    {"one that is made with no size", &no_size, NULL, 0, "no capacity says how large"},
    {"one that does not fit", &too_large, NULL, 0, "has no room for a disk"},
    {"a symbolic link", &a_link, NULL, 0, "it is a symbolic link"},
};

START_TEST(a_file_of_the_node_is_used_or_made)
{
    AUTO(arena_freep) struct arena *a = arena_new(100000);
    struct volume volume = {.name = "host", .host_disk = host_disks[_i].disk};
    struct instance_volume kind = {.name = "host", .kind = VOLUME_HOST_DISK};
    struct disk disk = {.name = "host"};
    struct instance i = {.volumes = {&kind, 1}, .spec = {.volumes = {&volume, 1}, .domain.disks = {&disk, 1}}};
    struct paths p;
    uv_loop_t loop;
    char path[512];

    paths_make(a, dir, &p);
    p.disks = dir;
    ck_assert(symlink("/etc/passwd", in_dir("host/link.img", path, sizeof(path))) == 0 || errno == EEXIST);
    if (host_disks[_i].file) {
        put(host_disks[_i].file, "x");
    }
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    disks_prepare(&loop, &i, &p, a, disks_are_kept, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    if (host_disks[_i].want_error) {
        ck_assert_msg(end.error && strstr(err_text(end.error), host_disks[_i].want_error), "%s: %s",
                      host_disks[_i].name, end.error ? err_text(end.error) : "no error");
        err_free(end.error);
        return;
    }
    ck_assert_msg(!end.error && end.n_facts == 1, "%s: %s", host_disks[_i].name, end.error ? err_text(end.error) : "");
    ck_assert_int_eq(end.facts[0].size_bytes, host_disks[_i].want_size);
    ck_assert_str_eq(end.facts[0].format, "raw");
}
END_TEST

START_TEST(an_ephemeral_claim_gets_an_overlay)
{
    AUTO(arena_freep) struct arena *a = arena_new(100000);
    struct volume_pvc claim = {.claim_name = "c"};
    struct volume volume = {.name = "eph", .ephemeral = &claim};
    struct instance_volume kind = {.name = "eph", .kind = VOLUME_EPHEMERAL_FILE};
    struct disk disk = {.name = "eph"};
    struct instance i = {.volumes = {&kind, 1}, .spec = {.volumes = {&volume, 1}, .domain.disks = {&disk, 1}}};
    AUTO(freep) char *text = xcalloc(1, 4097);
    struct paths p;
    uv_loop_t loop;
    char path[512];

    paths_make(a, dir, &p);
    p.disks = p.data = dir;
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    disks_prepare(&loop, &i, &p, a, disks_are_kept, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_msg(end.error && strstr(err_text(end.error), "ephemeral: the claim has no disk.img"), "%s",
                  end.error ? err_text(end.error) : "no error");
    err_free(end.error);
    memset(text, 'x', 4096);
    put("eph/disk.img", text);
    disks_prepare(&loop, &i, &p, a, disks_are_kept, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    ck_assert_msg(!end.error && end.n_facts == 1, "%s", end.error ? err_text(end.error) : "");
    ck_assert_str_eq(end.facts[0].path, in_dir("eph.qcow2", path, sizeof(path)));
    ck_assert_str_eq(end.facts[0].format, "qcow2");
    ck_assert_str_eq(end.facts[0].backing_format, "raw");
    ck_assert_int_eq(end.facts[0].size_bytes, 4096);
    ck_assert(file_exists(path));
}
END_TEST

/* As QEMU does it, for each permission that it has. */
START_TEST(a_disk_that_a_qemu_has_is_seen)
{
    char path[512];
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 201, .l_len = 1};

    in_dir("locked.img", path, sizeof(path));
    ck_assert(!disk_is_locked(path));
    put("locked.img", "x");
    ck_assert(!disk_is_locked(path));
    int fd = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
    ck_assert(disk_is_locked(path));
    ck_assert_int_eq(close(fd), 0);
    ck_assert(!disk_is_locked(path));
}
END_TEST

static void
disks_are_done(void *arg, struct disks_result r)
{
    ck_assert_msg(!r.error, "%s", r.error ? err_text(r.error) : "");
    *(bool *)arg = true;
}

static struct disk_target may_read = {.readonly = TRI_TRUE}, may_write;
static const struct {
    const char *what;
    struct disk disk;
    bool waits;
} lock_rows[] = {
    {"a disk", {.name = "claim", .disk = &may_write}, true},
    {"a disk of no kind", {.name = "claim"}, true},
    {"a shareable disk", {.name = "claim", .disk = &may_write, .shareable = TRI_TRUE}, false},
    {"a disk that is only read", {.name = "claim", .disk = &may_read}, false},
    {"a cdrom", {.name = "claim", .cdrom = &may_write}, false},
};

START_TEST(a_disk_that_a_qemu_has_is_waited_for)
{
    AUTO(arena_freep) struct arena *a = arena_new(100000);
    struct volume_pvc pvc = {.claim_name = "claim"};
    struct volume volume = {.name = "claim", .pvc = &pvc};
    struct instance_volume kind = {.name = "claim", .kind = VOLUME_PVC_FILE};
    struct disk disk = lock_rows[_i].disk;
    struct instance i = {.volumes = {&kind, 1}, .spec = {.volumes = {&volume, 1}, .domain.disks = {&disk, 1}}};
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 101, .l_len = 1};
    char path[512];
    bool is_done = false;
    struct paths p;
    uv_loop_t loop;

    paths_make(a, dir, &p);
    p.disks = dir;
    put("claim/disk.img", "x");
    int fd = open(in_dir("claim/disk.img", path, sizeof(path)), O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    disks_prepare(&loop, &i, &p, a, disks_are_done, &is_done);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    ck_assert_msg(is_done != lock_rows[_i].waits, "%s", lock_rows[_i].what);
    ck_assert_int_eq(close(fd), 0);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_msg(is_done, "%s", lock_rows[_i].what);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

static void
make_dirs(void)
{
    static const char *const names[] = {"secrets/v/user", "secrets/v/network", "claim", "host", "eph"};
    char path[512];

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct err *e = file_make_dirs(in_dir(names[i], path, sizeof(path)));
        BUG_ON(e != NULL);
    }
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st; /* everything goes */
    (void)kind;
    (void)at;
    return remove(path);
}

int
main(void)
{
    Suite *s = suite_create("disks");
    TCase *t = tcase_create("all");

    BUG_ON(!mkdtemp(dir));
    make_dirs();
    tcase_add_loop_test(t, image_holds_what_was_given, 0, ARRAY_LEN(rows));
    tcase_add_test(t, label_is_cidata);
    tcase_add_test(t, keys_go_to_the_disk_that_is_to_bring_them);
    tcase_add_test(t, a_config_drive_is_laid_out_as_openstack_does);
    tcase_add_loop_test(t, a_mounted_folder_becomes_a_disk, 0, ARRAY_LEN(folders));
    tcase_add_test(t, what_a_disk_is_made_of_has_bounds);
    tcase_add_loop_test(t, disk_of_an_image_is_found, 0, ARRAY_LEN(images));
    tcase_add_loop_test(t, images_that_name_files_are_refused, 0, ARRAY_LEN(infos));
    tcase_add_test(t, files_are_made_once_and_measured);
    tcase_add_loop_test(t, a_new_disk_stays_within_claim_and_free_space, 0, ARRAY_LEN(rooms));
    tcase_add_test(t, an_empty_claim_gets_a_disk_of_its_size);
    tcase_add_loop_test(t, a_file_of_the_node_is_used_or_made, 0, ARRAY_LEN(host_disks));
    tcase_add_test(t, an_ephemeral_claim_gets_an_overlay);
    tcase_add_test(t, a_disk_that_a_qemu_has_is_seen);
    tcase_add_loop_test(t, a_disk_that_a_qemu_has_is_waited_for, 0, ARRAY_LEN(lock_rows));
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    BUG_ON(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
